/**
 * The three forms of data every reading command has: text for people, JSON and YAML for programs.
 */
import type { Cli } from './cli.ts';

export type Format = 'text' | 'json' | 'yaml';

/** The option's choices are checked by the command line itself. */
export function formatOf(text: string | undefined): Format {
  return text === 'json' || text === 'yaml' ? text : 'text';
}

/** @param text asked only for text */
export async function show(cli: Cli, format: Format, data: unknown, text: () => string): Promise<void> {
  cli.print(format === 'text' ? text() : await encoded(format, data));
}

export async function encoded(format: 'json' | 'yaml', data: unknown): Promise<string> {
  if (format === 'json') return JSON.stringify(data, undefined, 2);
  const { stringify } = await import('yaml');
  // A round trip through JSON: no anchors for what happens to be the same value, no undefined.
  return stringify(JSON.parse(JSON.stringify(data)), { lineWidth: 0, aliasDuplicateObjects: false });
}
