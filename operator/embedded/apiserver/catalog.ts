/** The resources that are served now: the built-in ones and those that CustomResourceDefinitions add. */
import { BUILT_IN, type ResourceType } from './resources.ts';

export interface Catalog {
  find(group: string, version: string, plural: string): ResourceType | undefined;
  /** The version of a stored resource that its objects are written in. */
  storageType(storage: string): ResourceType | undefined;
  byKind(group: string, version: string, kind: string): ResourceType | undefined;
  all(): readonly ResourceType[];
  /** Served versions of a group, the preferred one first; empty when there is no such group. */
  versions(group: string): readonly string[];
  groups(): readonly string[];
  /**
   * Serves these custom types in place of those an earlier call gave for the same storage.
   * @param stored the version objects are written in, which may be one that is not served
   */
  serve(storage: string, types: readonly ResourceType[], stored: ResourceType): void;
  withdraw(storage: string): void;
  /** Grows with every change; whoever derives documents from the catalogue keys them by it. */
  revision(): number;
}

export function createCatalog(): Catalog {
  const custom = new Map<
    string,
    { readonly types: readonly ResourceType[]; readonly stored: ResourceType }
  >();
  let revision = 0;
  let types: readonly ResourceType[] = BUILT_IN;
  let byPath = index(types);

  function changed(): void {
    types = [...BUILT_IN, ...[...custom.values()].flatMap((one) => one.types)];
    byPath = index(types);
    revision += 1;
  }

  return {
    find: (group, version, plural) => byPath.get(`${group}/${version}/${plural}`),
    storageType: (storage) =>
      custom.get(storage)?.stored ??
      BUILT_IN.find(
        (type) => storage === `${type.group}/${type.plural}` && type.version === type.storageVersion,
      ),
    byKind: (group, version, kind) =>
      types.find((type) => type.group === group && type.version === version && type.kind === kind),
    all: () => types,
    versions(group) {
      const served = new Set(types.filter((type) => type.group === group).map((type) => type.version));
      return [...served].toSorted(byVersionPriority);
    },
    groups: () => [...new Set(types.map((type) => type.group))],
    serve(storage, served, stored) {
      custom.set(storage, { types: served, stored });
      changed();
    },
    withdraw(storage) {
      if (custom.delete(storage)) changed();
    },
    revision: () => revision,
  };
}

function index(types: readonly ResourceType[]): Map<string, ResourceType> {
  return new Map(types.map((type) => [`${type.group}/${type.version}/${type.plural}`, type]));
}

const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const STABILITY: Readonly<Record<string, number>> = { alpha: 0, beta: 1 };

/** Kubernetes's order of versions: stable before beta before alpha, newer before older, others last by name. */
function byVersionPriority(left: string, right: string): number {
  const a = VERSION.exec(left);
  const b = VERSION.exec(right);
  if (!a || !b) return a ? -1 : b ? 1 : left < right ? -1 : 1;
  const stable = (match: RegExpExecArray) => (match[2] === undefined ? 2 : (STABILITY[match[2]] ?? 0));
  return stable(b) - stable(a) || Number(b[1]) - Number(a[1]) || Number(b[3] ?? 0) - Number(a[3] ?? 0);
}
