import leven from 'leven';

/** What a reply may refer to, as `{name}`. */
export const PLACEHOLDERS = ['firstName', 'username', 'args', 'botName'] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** A piece of a parsed template: literal text, or a placeholder to fill in. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'placeholder'; readonly name: Placeholder };

/** The same language as a regular expression, for the CRD: RE2 and JavaScript read it alike. */
export const TEMPLATE_PATTERN = `^(?:[^{}]|\\{\\{|\\}\\}|\\{(?:${PLACEHOLDERS.join('|')})\\})*$`;

/** The parts of a template, or what is wrong with it and how to mend it. */
export type ParsedTemplate =
  | { readonly ok: true; readonly parts: readonly TemplatePart[] }
  | { readonly ok: false; readonly message: string };

const TOKENS = /\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g;

/**
 * Parses reply text: `{firstName}` and its like are placeholders, `{{` and `}}` stand for single
 * braces. Refuses what it does not know, so that a slip shows when the manifest is read and not in
 * front of a user.
 */
export function parseTemplate(template: string): ParsedTemplate {
  const parts: TemplatePart[] = [];
  for (const [token, name] of template.matchAll(TOKENS)) {
    if (name !== undefined) {
      if (!isPlaceholder(name)) return { ok: false, message: unknownPlaceholder(name) };
      parts.push({ kind: 'placeholder', name });
    } else if (token === '{' || token === '}') {
      return { ok: false, message: `a single "${token}" must be written "${token}${token}"` };
    } else {
      parts.push({ kind: 'text', text: token === '{{' ? '{' : token === '}}' ? '}' : token });
    }
  }
  return { ok: true, parts };
}

function isPlaceholder(name: string): name is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(name);
}

function unknownPlaceholder(name: string): string {
  const known = PLACEHOLDERS.map((placeholder) => `{${placeholder}}`).join(', ');
  const [closest] = PLACEHOLDERS.toSorted((a, b) => leven(a, name) - leven(b, name));
  const hint = closest && leven(closest, name) <= 3 ? `; did you mean {${closest}}` : '';
  return `unknown placeholder {${name}}${hint}. Known are ${known}; write {{ and }} for plain braces`;
}
