/** Turns stored entries into objects and texts of the version a client asked for. */
import type { Entry } from '../store/store.ts';
import { convert } from './conversion.ts';
import { clone, parseStored, type KubeObject } from './objects.ts';
import type { ResourceType } from './resources.ts';

export interface Codec {
  /** The object, shared with other readers: never change it. */
  read(entry: Entry, type: ResourceType): KubeObject;
  /** Takes an object in its stored form, which nobody changes any more, so that its text need not be parsed. */
  adopt(entry: Entry, stored: KubeObject): void;
  /** A copy that is the caller's own. */
  copy(entry: Entry, type: ResourceType): KubeObject;
  text(entry: Entry, type: ResourceType): string;
}

/** Parsed objects kept; reading the same object twice in a row is the rule, so few are enough. */
const PARSED_OBJECTS = 1_000;

export function createCodec(): Codec {
  const parsed = new Map<Entry, KubeObject>();

  function stored(entry: Entry): KubeObject {
    let object = parsed.get(entry);
    if (object) return object;
    object = parseStored(entry.json);
    remember(entry, object);
    return object;
  }

  function remember(entry: Entry, object: KubeObject): void {
    if (parsed.size >= PARSED_OBJECTS)
      for (const oldest of parsed.keys()) {
        parsed.delete(oldest);
        break;
      }
    parsed.set(entry, object);
  }

  const isStoredForm = (entry: Entry, type: ResourceType): boolean =>
    entry.version === type.version && type.storage === `${type.group}/${type.plural}`;

  function read(entry: Entry, type: ResourceType): KubeObject {
    const object = stored(entry);
    return isStoredForm(entry, type) ? object : convert(clone(object), type);
  }

  return {
    read,
    adopt: remember,
    copy(entry, type) {
      const object = clone(stored(entry));
      return isStoredForm(entry, type) ? object : convert(object, type);
    },
    text: (entry, type) => (isStoredForm(entry, type) ? entry.json : JSON.stringify(read(entry, type))),
  };
}
