/**
 * Images as local commands: which entry stands for an image, and what a container makes of it.
 */
import { expand } from './expand.ts';
import type { Container } from '../controllers/machinery/wire.ts';

export interface LocalImage {
  /** The entry point. */
  readonly command: readonly string[];
  /** Arguments, unless the container brings a command or arguments of its own. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Asks the process to end; default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
}

/** By name without tag, or with a tag where only that tag is meant. */
export type ImageTable = Readonly<Record<string, LocalImage>>;

/** Own properties only: an image called `constructor` is as unknown as any other. */
export function resolveImage(images: ImageTable, reference: string): LocalImage | undefined {
  return [reference, withoutTag(reference), withoutRegistry(withoutTag(reference))]
    .filter((name) => Object.hasOwn(images, name))
    .map((name) => images[name])[0];
}

export function unknownImageMessage(images: ImageTable, reference: string): string {
  const known = Object.keys(images).toSorted().join(', ');
  return `Failed to pull image "${reference}": the embedded cluster runs local commands and knows no image of that name; it knows: ${known}`;
}

/** The command line, by Kubernetes' rules of command, args, entry point and `$(VAR)`. */
export function commandLine(
  image: LocalImage,
  container: Container,
  env: Readonly<Record<string, string>>,
): string[] {
  const own = container.command !== undefined && container.command.length > 0;
  const command = own ? (container.command ?? []) : image.command;
  const given = container.args !== undefined && container.args.length > 0;
  const args = given ? (container.args ?? []) : own ? [] : (image.args ?? []);
  const expandable = [...(own ? command : []), ...(given ? args : [])].map((word) => expand(word, env));
  return [...(own ? [] : command), ...(given || own ? expandable : args)];
}

function withoutTag(reference: string): string {
  const name = reference.split('@')[0] ?? '';
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}

/** `registry.example:5000/shopmind/runtime` → `shopmind/runtime`: a first part with a dot or a port is a registry. */
function withoutRegistry(name: string): string {
  const slash = name.indexOf('/');
  const first = name.slice(0, slash);
  return slash > 0 && (/[.:]/.test(first) || first === 'localhost') ? name.slice(slash + 1) : name;
}
