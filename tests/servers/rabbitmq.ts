/**
 * A RabbitMQ of a test's own: its own node, ports and epmd, on loopback, in a folder that goes with it. Debian's package
 * `rabbitmq-server` (3.10). Virtual hosts, users and queues are looked at and made through its management API.
 */
import { constants } from 'node:fs';
import { access, chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram, whenReady, type Program } from '../cluster/process.ts';
import { ownFolder } from '../support/owned.ts';
import { freeze } from './process.ts';
import { freePort } from '../support/port.ts';

const ADMIN = { user: 'admin', password: 'admin-secret' } as const;
const PROGRAMS = '/usr/lib/rabbitmq/bin';

export interface RabbitServer {
  /** `amqp://…?management=http://…`, as an administrator of the virtual host `/`. */
  readonly adminAddress: string;
  /** Base of the management API. */
  readonly management: string;
  /** Asks the management API as the administrator. @throws Error on an answer of 400 or more */
  api<T = unknown>(method: 'GET' | 'PUT' | 'DELETE' | 'POST', path: string, body?: unknown): Promise<T>;
  pid(): number;
  /** Ends it as `kill -9` would. */
  kill(): Promise<void>;
  /** Starts it again on the same data and ports, after `kill`. */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Freezes it: connections stay open and nobody answers. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Resolves when the broker takes clients and its management API answers: after about six seconds. */
export async function startRabbit(): Promise<RabbitServer> {
  await access(join(PROGRAMS, 'rabbitmq-server'), constants.X_OK).catch((cause: unknown) => {
    throw new Error('RabbitMQ is not installed here: apt-get install rabbitmq-server', { cause });
  });
  const folder = ownFolder('rabbit');
  const [port, managementPort, epmdPort, distributionPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const management = `http://127.0.0.1:${managementPort}`;
  await writeFile(
    join(folder, 'rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      `management.tcp.ip = 127.0.0.1`,
      `management.tcp.port = ${managementPort}`,
      `default_user = ${ADMIN.user}`,
      `default_pass = ${ADMIN.password}`,
      'collect_statistics_interval = 1000',
      'log.console = true',
      'log.console.level = warning',
      'log.file = false',
      '',
    ].join('\n'),
  );
  await writeFile(join(folder, 'plugins'), '[rabbitmq_management].\n');
  const cookie = join(folder, '.erlang.cookie');
  await writeFile(cookie, 'shopmind-tests');
  await chmod(cookie, 0o400);
  const env = {
    HOME: folder,
    RABBITMQ_NODENAME: `shopmind-${port}@localhost`,
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-setcookie shopmind-tests -kernel inet_dist_use_interface {127,0,0,1} +sbwt none`,
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    // Its script then becomes the server instead of waiting for it as a child, which a signal would not reach.
    RUNNING_UNDER_SYSTEMD: 'true',
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(epmdPort),
  };
  // The name server of its nodes would start itself as a daemon that outlives everybody.
  const epmd = await startProgram({
    name: 'epmd',
    command: 'epmd',
    args: ['-port', String(epmdPort), '-address', '127.0.0.1'],
    logFile: join(folder, 'epmd.log'),
    env,
  });
  const authorization = `Basic ${Buffer.from(`${ADMIN.user}:${ADMIN.password}`).toString('base64')}`;
  let program: Program;

  async function start(): Promise<void> {
    program = await startProgram({
      name: 'rabbitmq',
      command: join(PROGRAMS, 'rabbitmq-server'),
      args: [],
      logFile: join(folder, 'rabbitmq.log'),
      env,
    });
    await whenReady(
      program,
      () =>
        fetch(`${management}/api/health/checks/port-listener/${port}`, { headers: { authorization } }).then(
          ({ ok }) => ok,
          () => false,
        ),
      90_000,
    );
  }

  await start();
  return {
    adminAddress: `amqp://${ADMIN.user}:${ADMIN.password}@127.0.0.1:${port}/?management=${encodeURIComponent(management)}`,
    management,
    async api(method, path, body) {
      const answer = await fetch(`${management}/api/${path}`, {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return (text === '' ? undefined : JSON.parse(text)) as never; // the caller names the type
    },
    pid: () => program.pid,
    kill: () => program.stop('SIGKILL'),
    start,
    async restart() {
      await program.stop('SIGTERM', 20_000);
      await start();
    },
    pause: () => freeze(program.pid),
    resume: () => void process.kill(program.pid, 'SIGCONT'),
    async stop() {
      await program.stop('SIGKILL');
      await epmd.stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
