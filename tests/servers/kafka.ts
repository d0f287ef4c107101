/**
 * A Kafka broker of a test's own: one process that is broker and controller (KRaft), on loopback, in a folder that goes with it.
 * With `secured` clients enter by SCRAM and the standard authorizer decides, so that rights and quotas are real.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { cacheFolder } from '../cluster/binaries.ts';
import { startProgram, whenReady, type Program } from '../cluster/process.ts';
import { ownFolder } from '../support/owned.ts';
import { freeze } from './process.ts';
import { locked } from '../support/lock.ts';
import { freePort } from '../support/port.ts';

const VERSION = '4.1.0';
const ADMIN = { user: 'admin', password: 'admin-secret' } as const;

export interface KafkaOptions {
  /** Clients must enter by SCRAM, and may do what an ACL says. Default: everybody may do everything. */
  readonly secured?: boolean;
  /** Of the Java heap, in megabytes. Default 384. */
  readonly heap?: number;
  /** More of `server.properties`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface KafkaServer {
  /** `kafka://…` as an administrator. */
  readonly adminAddress: string;
  /** `host:port`, for clients that take no address. */
  readonly broker: string;
  pid(): number;
  /** Ends it as `kill -9` would. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port, after `kill`. */
  start(): Promise<void>;
  /** Ends it in good order, and starts it again. */
  restart(): Promise<void>;
  /** Freezes it: connections stay open and nobody answers. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Resolves when the broker takes clients: after about six seconds; the first call on a machine fetches Kafka (43 MB). */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServer> {
  const classes = join(await kafkaFolder(), '*');
  const folder = ownFolder('kafka');
  const [port, controllerPort] = [await freePort(), await freePort()];
  const broker = `127.0.0.1:${port}`;
  const properties = join(folder, 'server.properties');
  await writeFile(properties, propertiesOf({ folder, port, controllerPort, options }));
  await java(classes, 'kafka.tools.StorageTool', [
    'format',
    '--config',
    properties,
    '--cluster-id',
    'c2hvcG1pbmQtdGVzdHMtMQ',
    ...(options.secured === true
      ? ['--add-scram', `SCRAM-SHA-512=[name=${ADMIN.user},password=${ADMIN.password}]`]
      : []),
  ]);
  let program: Program;

  async function start(): Promise<void> {
    program = await startProgram({
      name: 'kafka',
      command: 'java',
      args: [...javaFlags(options.heap ?? 384), '-cp', classes, 'kafka.Kafka', properties],
      logFile: join(folder, 'kafka.log'),
    });
    await whenReady(program, () => answers(broker, options.secured === true), 60_000);
  }

  await start();
  return {
    adminAddress:
      options.secured === true
        ? `kafka://${ADMIN.user}:${ADMIN.password}@${broker}/?mechanism=scram-sha-512`
        : `kafka://${broker}/`,
    broker,
    pid: () => program.pid,
    kill: () => program.stop('SIGKILL'),
    start,
    async restart() {
      await program.stop();
      await start();
    },
    pause: () => freeze(program.pid),
    resume: () => void process.kill(program.pid, 'SIGCONT'),
    async stop() {
      // Its data go with it: there is nothing to end in good order for.
      await program.stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Layout {
  readonly folder: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly options: KafkaOptions;
}

function propertiesOf({ folder, port, controllerPort, options }: Layout): string {
  const protocol = options.secured === true ? 'SASL_PLAINTEXT' : 'PLAINTEXT';
  const settings: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `CLIENTS://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `CLIENTS://127.0.0.1:${port}`,
    'listener.security.protocol.map': `CLIENTS:${protocol},CONTROLLER:PLAINTEXT`,
    'inter.broker.listener.name': 'CLIENTS',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'num.network.threads': '2',
    'num.io.threads': '2',
    ...(options.secured === true && {
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
      'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
      'listener.name.clients.scram-sha-512.sasl.jaas.config': `org.apache.kafka.common.security.scram.ScramLoginModule required username="${ADMIN.user}" password="${ADMIN.password}";`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // The controller's own listener, which only this process can find, knows no users.
      'super.users': `User:${ADMIN.user};User:ANONYMOUS`,
    }),
    ...options.settings,
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** One thread of garbage collection and the quick compiler start faster than they are missed. */
function javaFlags(heap: number): string[] {
  return [`-Xmx${heap}m`, '-XX:+UseSerialGC', '-Xshare:auto'];
}

async function java(classes: string, main: string, args: readonly string[]): Promise<void> {
  await finished('java', [...javaFlags(128), '-XX:TieredStopAtLevel=1', '-cp', classes, main, ...args]);
}

async function answers(broker: string, secured: boolean): Promise<boolean> {
  const kafka = new Kafka({
    brokers: [broker],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    ...(secured && {
      ssl: false,
      sasl: { mechanism: 'scram-sha-512', username: ADMIN.user, password: ADMIN.password },
    }),
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.listTopics();
    return true;
  } catch {
    return false;
  } finally {
    await admin.disconnect();
  }
}

/** The folder with Kafka's jars, fetched from Maven Central into the user's cache on first use. */
async function kafkaFolder(): Promise<string> {
  const folder = join(cacheFolder(), `kafka-${VERSION}`);
  if (await exists(folder)) return folder;
  await locked(join(cacheFolder(), 'kafka.lock'), async () => {
    if (!(await exists(folder))) await fetchKafka(folder);
  });
  return folder;
}

/** Beside the final place first, so that half of it is never taken for the whole. */
async function fetchKafka(folder: string): Promise<void> {
  const partial = `${folder}.${process.pid}`;
  process.stderr.write(`kafka ${VERSION}: fetching from Maven Central; this is done once\n`);
  try {
    await mkdir(dirname(folder), { recursive: true });
    await mkdir(partial);
    await writeFile(join(partial, 'pom.xml'), POM);
    await finished('mvn', [
      '-q',
      '-B',
      '-f',
      join(partial, 'pom.xml'),
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${join(partial, 'jars')}`,
    ]);
    await rename(join(partial, 'jars'), folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>shopmind</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.24.3</version></dependency>
  </dependencies>
</project>
`;

/** @throws Error with the last lines of what it said when it fails, or with what to install when there is no such program. */
async function finished(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-4_000)));
  }
  const [code] = await once(child, 'exit').catch((cause: unknown) => {
    throw new Error(`${command} is needed to run Kafka: apt-get install openjdk-17-jre-headless maven`, {
      cause,
    });
  });
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${words}`);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
