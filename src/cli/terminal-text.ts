const graphemes = (text: string): Iterable<Intl.SegmentData> =>
  new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text);

const EMOJI = /\p{Emoji_Presentation}|\uFE0F/u;
const INVISIBLE = /^[\p{Mark}\p{Format}\p{Control}]*$/u;
/** East Asian Wide and Fullwidth, in blocks (Unicode Standard Annex #11). */
const WIDE =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}]/u;

/** How many columns of a terminal `text` takes. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes(text)) {
    if (INVISIBLE.test(segment)) continue;
    width += EMOJI.test(segment) || WIDE.test(segment) ? 2 : 1;
  }
  return width;
}

/** `text` without what would steer a terminal; line breaks and tabs stay. */
export function printable(text: string): string {
  return text.toWellFormed().replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '\uFFFD');
}

/** `text` on one line. */
export function oneLine(text: string): string {
  return printable(text).replaceAll(/[\n\t]+/g, ' ');
}
