/**
 * The manifest by which krew, kubectl's plugin manager, installs the plugin, and krew's own rules for it. Pure.
 * https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/
 */

/** An archive for one platform. */
export interface Artifact {
  /** As Go names it. */
  readonly os: 'linux' | 'darwin' | 'windows';
  readonly arch: 'amd64' | 'arm64';
  readonly uri: string;
  /** Of the archive's bytes, hexadecimal. */
  readonly sha256: string;
}

export interface KrewManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly version: string;
    readonly homepage: string;
    readonly shortDescription: string;
    readonly description: string;
    readonly caveats: string;
    readonly platforms: readonly {
      readonly selector: { readonly matchLabels: { readonly os: string; readonly arch: string } };
      readonly uri: string;
      readonly sha256: string;
      readonly bin: string;
      readonly files: readonly { readonly from: string; readonly to: string }[];
    }[];
  };
}

/** @param version with a `v` in front, as krew wants it */
export function krewManifest(
  version: string,
  homepage: string,
  artifacts: readonly Artifact[],
): KrewManifest {
  return {
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'shopmind' },
    spec: {
      version,
      homepage,
      shortDescription: 'Look after the shops of a ShopMind platform',
      description:
        'Shows how tenants are and the root cause of their trouble, follows logs and events, plans and diffs changes, ' +
        'suspends, scales, moves and delivers, opens SQL prompts under row-level security, and packs support bundles ' +
        'without a secret in them.\n',
      caveats: 'Each command says which permissions it needs: kubectl shopmind rbac --command status\n',
      platforms: artifacts.map(({ os, arch, uri, sha256 }) => ({
        selector: { matchLabels: { os, arch } },
        uri,
        sha256,
        bin: 'operator/plugin/shopmind.mjs',
        files: [{ from: '*', to: '.' }],
      })),
    },
  };
}

/** What krew would refuse (its internal/index/validation/validate.go, v0.4) or its index ask to be changed; empty: nothing. */
export function krewProblems({ apiVersion, kind, metadata, spec }: KrewManifest): readonly string[] {
  const problems: string[] = [];
  const need = (isSo: boolean, what: string): void => void (isSo || problems.push(what));
  need(apiVersion === 'krew.googlecontainertools.github.com/v1alpha2', 'apiVersion is not krew’s');
  need(kind === 'Plugin', 'kind is not Plugin');
  need(/^[\w-]+$/.test(metadata.name), 'metadata.name is no safe name');
  need(
    /^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(spec.version),
    'spec.version is no semantic version with a v',
  );
  need(
    /^[^\r\n]{1,50}$/.test(spec.shortDescription),
    'spec.shortDescription is not one line of 50 characters at most',
  );
  need(URL.canParse(spec.homepage), 'spec.homepage is no address');
  need(spec.platforms.length > 0, 'spec.platforms is empty');
  const seen = new Set<string>();
  for (const { selector, uri, sha256, bin, files } of spec.platforms) {
    const { os, arch } = selector.matchLabels;
    const at = `platform ${os}/${arch}`;
    need(!seen.has(at), `${at} is there twice`);
    seen.add(at);
    need(/^https:\/\/\S+\.(tar\.gz|zip)$/.test(uri), `${at}: uri is no https address of a .tar.gz or .zip`);
    need(/^[a-f0-9]{64}$/.test(sha256), `${at}: sha256 is no checksum`);
    need(
      bin !== '' && !bin.startsWith('/') && !bin.split('/').includes('..'),
      `${at}: bin leaves the archive`,
    );
    need(
      files.length > 0 && files.every(({ from, to }) => from !== '' && to !== ''),
      `${at}: files names nothing`,
    );
  }
  return problems;
}
