/** Turns stored entries into objects and texts of the version a client asked for. */
import type { Entry } from '../store/store.ts';
import { convert } from './conversion.ts';
import { internal } from './errors.ts';
import { clone, parseStored, type KubeObject } from './objects.ts';
import { apiVersionOf, type ResourceType } from './resources.ts';
import type { KindRules, Versions } from './rules.ts';

export interface Codec {
  /**
   * Lets entries be read in a version. Only a webhook makes one wait: then all entries it must convert go to it together.
   * @returns undefined when they can be read already
   * @throws {ApiError} 500 when the webhook does not convert them
   */
  prepare(entries: readonly Entry[], type: ResourceType): Promise<void> | undefined;
  /** The object, shared with other readers: never change it. The entry has been prepared. */
  read(entry: Entry, type: ResourceType): KubeObject;
  /** As `read`, as text. */
  text(entry: Entry, type: ResourceType): string;
  /** The object in whatever version it is stored in, shared with other readers. */
  stored(entry: Entry): KubeObject;
  /** Takes an object in its stored form, which nobody changes any more, so that its text need not be parsed. */
  adopt(entry: Entry, stored: KubeObject): void;
  /** An object that is the caller's own in another version of its kind. @throws {ApiError} as `prepare` */
  convert(object: KubeObject, type: ResourceType): Promise<KubeObject>;
}

/** Parsed objects kept; reading the same object twice in a row is the rule, so few are enough. */
const PARSED_OBJECTS = 1_000;

export function createCodec(rulesOf: (type: ResourceType) => KindRules): Codec {
  const parsed = new Map<Entry, KubeObject>();
  /**
   * What entries of custom kinds look like in a version, where that is not their own text. Types are made anew with every
   * change of their definition, so that nothing outlives the schemas and the webhook it was made with.
   */
  const views = new WeakMap<ResourceType, WeakMap<Entry, Entry>>();

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

  /** The entry as it reads in a version; undefined while only a webhook can tell. */
  function viewOf(entry: Entry, type: ResourceType): Entry | undefined {
    const { versions } = rulesOf(type);
    if (!versions) return entry;
    const same = entry.version === type.version;
    if (same && versions.isWhole(entry)) return entry;
    const known = viewsIn(type).get(entry);
    if (known || (!same && versions.webhook)) return known;
    const object = clone(stored(same ? entry : ownView(entry, versions)));
    if (same) versions.complete(object);
    else versions.prune(convert(object, type));
    return keep(entry, type, object);
  }

  /** The entry in the version it was written in, whole: defaults that came later are filled in before it is converted. */
  function ownView(entry: Entry, { typeOf }: Versions): Entry {
    const own = typeOf(entry.version);
    return (own && viewOf(entry, own)) ?? entry;
  }

  function viewsIn(type: ResourceType): WeakMap<Entry, Entry> {
    let known = views.get(type);
    if (!known) views.set(type, (known = new WeakMap()));
    return known;
  }

  function keep(entry: Entry, type: ResourceType, object: KubeObject): Entry {
    const json = JSON.stringify(object);
    const view = json === entry.json ? entry : { ...entry, version: type.version, json };
    viewsIn(type).set(entry, view);
    return view;
  }

  async function ask(
    entries: readonly Entry[],
    type: ResourceType,
    webhook: NonNullable<Versions['webhook']>,
    versions: Versions,
  ): Promise<void> {
    const originals = entries.map((entry) => stored(ownView(entry, versions)));
    for (const [index, object] of (await webhook(originals, type)).entries()) {
      const entry = entries[index];
      if (!entry) continue;
      versions.prune(object);
      keep(entry, type, object);
    }
  }

  const isStoredForm = (entry: Entry, type: ResourceType): boolean =>
    entry.version === type.version && type.storage === `${type.group}/${type.plural}`;

  function preparedView(entry: Entry, type: ResourceType): Entry {
    const view = viewOf(entry, type);
    if (!view) throw internal(`${type.kind} "${entry.name}" has not been converted to ${apiVersionOf(type)}`);
    return view;
  }

  function read(entry: Entry, type: ResourceType): KubeObject {
    if (type.custom) return stored(preparedView(entry, type));
    return isStoredForm(entry, type) ? stored(entry) : convert(clone(stored(entry)), type);
  }

  return {
    prepare(entries, type) {
      const versions = type.custom ? rulesOf(type).versions : undefined;
      if (!versions?.webhook) return undefined;
      const missing = entries.filter((entry) => !viewOf(entry, type));
      if (missing.length === 0) return undefined;
      return ask(missing, type, versions.webhook, versions);
    },
    read,
    text(entry, type) {
      if (type.custom) return preparedView(entry, type).json;
      return isStoredForm(entry, type) ? entry.json : JSON.stringify(read(entry, type));
    },
    stored,
    adopt: remember,
    async convert(object, type) {
      const versions = type.custom ? rulesOf(type).versions : undefined;
      if (!versions || object.apiVersion === apiVersionOf(type)) return convert(object, type);
      const [converted] = versions.webhook ? await versions.webhook([object], type) : [convert(object, type)];
      if (!converted) throw internal(`${type.kind} "${object.metadata.name}" was not converted`);
      versions.prune(converted);
      return converted;
    },
  };
}
