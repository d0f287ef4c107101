/** Models from outside that the platform names: which processes are told of them, and where they are. Pure. */

/** A model: whom it is for, and the keys of the platform's configuration that say which it is. */
interface Kind {
  /** Domain whose processes ask it. */
  readonly domain: string;
  readonly url: string;
  /** Of the ConfigMap. */
  readonly others: readonly string[];
  /** Of the Secret. */
  readonly key: string;
}

const KINDS: readonly Kind[] = [
  { domain: 'chat', url: 'LANGUAGE_URL', others: ['LANGUAGE_MODEL'], key: 'LANGUAGE_KEY' },
  {
    domain: 'catalog',
    url: 'EMBEDDINGS_URL',
    others: ['EMBEDDINGS_MODEL', 'EMBEDDINGS_DIMENSIONS', 'EMBEDDINGS_NEAR', 'EMBEDDINGS_DAILY_TEXTS'],
    key: 'EMBEDDINGS_KEY',
  },
];

export interface Model {
  readonly domain: string;
  readonly url: string;
  /** Variables of processes that ask it, with its address. */
  readonly plain: Readonly<Record<string, string>>;
  /** Those that come from a Secret. */
  readonly secret: Readonly<Record<string, string>>;
}

/** @param refuse throws; told what is wrong */
export function parseModels(
  config: Readonly<Record<string, string>>,
  secret: Readonly<Record<string, string>>,
  refuse: (message: string) => never,
): readonly Model[] {
  return KINDS.flatMap(({ domain, url: name, others, key }) => {
    const url = config[name];
    if (url === undefined) return [];
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.username !== '')
      return refuse(
        `${name} must be a http:// or https:// URL without a login; its key is ${key} of the Secret`,
      );
    return [{ domain, url, plain: only(config, [name, ...others]), secret: only(secret, [key]) }];
  });
}

/** Of all models, those that processes of these domains ask. */
export function modelsOf(models: readonly Model[], domains: readonly string[]): readonly Model[] {
  return models.filter(({ domain }) => domains.includes(domain));
}

/** What the Secret of every scope has of them; each process is given only what is its own. */
export function modelKeys(models: readonly Model[]): Readonly<Record<string, string>> {
  return Object.assign({}, ...models.map(({ secret }) => secret)) as Record<string, string>; // records of texts together are one
}

function only(
  values: Readonly<Record<string, string>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
}
