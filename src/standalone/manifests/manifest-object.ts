import type { BotKey } from '../../api/group.ts';
import type { Manifest } from '../../api/manifest.ts';
import type { Place } from './place.ts';

/** One object of a manifest that keeps all rules, and where it stands. */
export type ManifestObject = Manifest & {
  readonly place: Place;
  /** What is wrong with the file now, where this is the last good state of the object. */
  readonly keptBecause?: string;
};

/** By what an object is the same object as before. */
export type ObjectId = `${Manifest['kind']}/${BotKey}`;

/**
 * The {@link ObjectId} of an object. A fleet is found by its name alone: on one machine there is
 * one platform team, and so one namespace of fleets.
 */
export function objectId({ kind, object: { metadata } }: Manifest): ObjectId {
  return kind === 'BotFleet'
    ? `${kind}/*/${metadata.name}`
    : `${kind}/${metadata.namespace}/${metadata.name}`;
}
