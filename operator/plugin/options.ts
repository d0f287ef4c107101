/**
 * Options that commands have in common, whatever they do.
 */
import type { Option } from './command.ts';
import type { ColourMode } from './terminal/style.ts';

export const COLOURS = ['auto', 'always', 'never'] as const satisfies readonly ColourMode[];

/** Options every command has. */
export const GLOBAL_OPTIONS: readonly Option[] = [
  { flags: '-q, --quiet', summary: 'no hints and no progress: only data and errors' },
  {
    flags: '--color <when>',
    summary: 'auto (on a terminal, unless NO_COLOR is set), always or never',
    default: 'auto',
    completes: COLOURS,
  },
];

/** Options of every command that speaks to a cluster, as kubectl has them. */
export const CLUSTER_OPTIONS: readonly Option[] = [
  { flags: '--kubeconfig <path>', summary: 'the kubeconfig to use', completes: 'file' },
  { flags: '--context <name>', summary: 'the context of the kubeconfig to use' },
];
