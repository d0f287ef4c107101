/** What commands that change a tenant have in common. */
import type { Need, Option } from '../command.ts';

export const PATCH_TENANTS: Need = {
  group: 'shopmind.ai',
  resources: ['shopmindtenants'],
  verbs: ['patch'],
  where: 'cluster',
  why: 'the change is one of the tenant',
};

export const WAIT_OPTIONS: readonly Option[] = [
  { flags: '--wait', summary: 'until it is so; exit code as of wait' },
  { flags: '--timeout <span>', summary: 'how long, with --wait', default: '5m' },
];
