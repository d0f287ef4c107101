/**
 * Every command by name, in the order of the help. Each file is loaded only when its command is called, or when all are asked for.
 */
import type { CommandDefinition } from './command.ts';

type Load = () => Promise<{ readonly command: CommandDefinition }>;

export const COMMANDS: Readonly<Record<string, Load>> = {
  status: () => import('./status/command.ts'),
  tree: () => import('./tree/command.ts'),
  wait: () => import('./wait/command.ts'),
  logs: () => import('./logs/command.ts'),
  events: () => import('./events/command.ts'),
  top: () => import('./top/command.ts'),
  report: () => import('./report/command.ts'),
  diff: () => import('./plan/command.ts').then(({ diff }) => ({ command: diff })),
  suspend: () => import('./change/commands.ts').then(({ suspend }) => ({ command: suspend })),
  resume: () => import('./change/commands.ts').then(({ resume }) => ({ command: resume })),
  pause: () => import('./change/commands.ts').then(({ pause }) => ({ command: pause })),
  unpause: () => import('./change/commands.ts').then(({ unpause }) => ({ command: unpause })),
  restart: () => import('./change/commands.ts').then(({ restart }) => ({ command: restart })),
  scale: () => import('./change/commands.ts').then(({ scale }) => ({ command: scale })),
  rotate: () => import('./change/commands.ts').then(({ rotate }) => ({ command: rotate })),
  move: () => import('./move/command.ts'),
  rebalance: () => import('./nodes/command.ts'),
  promote: () => import('./rollout/commands.ts').then(({ promote }) => ({ command: promote })),
  abort: () => import('./rollout/commands.ts').then(({ abort }) => ({ command: abort })),
  hold: () => import('./rollout/commands.ts').then(({ hold }) => ({ command: hold })),
  unhold: () => import('./rollout/commands.ts').then(({ unhold }) => ({ command: unhold })),
  rollback: () => import('./rollout/commands.ts').then(({ rollback }) => ({ command: rollback })),
  retry: () => import('./rollout/commands.ts').then(({ retry }) => ({ command: retry })),
  plan: () => import('./plan/command.ts'),
  psql: () => import('./psql/command.ts'),
  backup: () => import('./backups/commands.ts').then(({ backup }) => ({ command: backup })),
  backups: () => import('./backups/commands.ts').then(({ backups }) => ({ command: backups })),
  restore: () => import('./backups/commands.ts').then(({ restore }) => ({ command: restore })),
  drill: () => import('./backups/commands.ts').then(({ drill }) => ({ command: drill })),
  export: () => import('./subject/commands.ts').then(({ exportData }) => ({ command: exportData })),
  erase: () => import('./subject/commands.ts').then(({ erase }) => ({ command: erase })),
  receipt: () => import('./subject/commands.ts').then(({ receipt }) => ({ command: receipt })),
  failover: () => import('./failover/command.ts'),
  token: () => import('./token/command.ts'),
  keys: () => import('./keys/command.ts'),
  start: () => import('./start/command.ts'),
  completion: () => import('./completion/command.ts'),
  version: () => import('./version/command.ts'),
  install: () => import('./install/command.ts'),
  uninstall: () => import('./uninstall/command.ts'),
  rbac: () => import('./rbac/command.ts'),
};

export async function loadAll(): Promise<readonly CommandDefinition[]> {
  const loaded = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  return loaded.map(({ command }) => command);
}

/** The named one; `undefined` when there is none. */
export async function loadOne(name: string): Promise<CommandDefinition | undefined> {
  return Object.hasOwn(COMMANDS, name) ? (await COMMANDS[name]?.())?.command : undefined;
}
