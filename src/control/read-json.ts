/**
 * Reads a body of at most `maxBytes` as JSON. `tooLarge` and `notJson` are thrown where it is not;
 * the rest of a body that is too large is not read.
 */
export async function readJson(
  body: AsyncIterable<Uint8Array>,
  limits: {
    readonly maxBytes: number;
    readonly tooLarge: () => Error;
    readonly notJson: () => Error;
  },
): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > limits.maxBytes) throw limits.tooLarge();
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    // The parser's own words would quote the body.
    throw limits.notJson();
  }
}
