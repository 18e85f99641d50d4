import { z } from 'zod';
import { metadataSchema } from '../../api/metadata.ts';

/** Of a bot, in a path. */
export const botParams = z.object({
  namespace: metadataSchema.shape.namespace.unwrap(),
  name: metadataSchema.shape.name,
});

/** Which namespace; all that the caller may see where it is not said. */
export const inNamespace = { namespace: metadataSchema.shape.namespace.unwrap().optional() };

/** Which bots; all that the caller may see where nothing is said. */
export const ofBots = { ...inNamespace, name: metadataSchema.shape.name.optional() };

/** The answer of a route that sends text of that media type as it comes. */
export function streamed(
  type: string,
  description: string,
): { readonly 200: { readonly description: string; readonly content: object } } {
  return { 200: { description, content: { [type]: { schema: z.string() } } } };
}
