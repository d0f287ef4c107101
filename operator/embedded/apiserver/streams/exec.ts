/** `kubectl exec`: a command in a container, its streams carried by SPDY. */
import { PassThrough, type Duplex } from 'node:stream';
import { ApiError, badRequest, internal } from '../errors.ts';
import type { ExecSession } from '../providers.ts';
import { SPDY } from './port-forward.ts';
import { serveSpdy, type Stream } from './spdy.ts';

/** From this version on the end is told as a Status. */
const PROTOCOL = 'v4.channel.k8s.io';

export interface ExecOptions {
  readonly command: readonly string[];
  readonly container: string;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** @throws {ApiError} 400 when the command is missing or nothing is to be seen of it */
export function execOptions(query: URLSearchParams): ExecOptions {
  const flag = (name: string): boolean => ['true', '1'].includes(query.get(name) ?? '');
  const command = query.getAll('command');
  const options = {
    command,
    container: query.get('container') ?? '',
    stdin: flag('stdin'),
    stdout: flag('stdout'),
    stderr: flag('stderr') && !flag('tty'),
    tty: flag('tty'),
  };
  if (command.length === 0) throw badRequest('you must specify at least 1 command for the container');
  if (!options.stdin && !options.stdout && !options.stderr)
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  return options;
}

/** @throws {ApiError} 400 when the client wants to speak in another way */
export function assertExecProtocol(upgrade: string | undefined, protocols: string | undefined): void {
  if (upgrade?.toUpperCase() !== SPDY || !(protocols ?? '').includes(PROTOCOL))
    throw badRequest(
      `unable to upgrade to ${upgrade ?? 'nothing'}: exec is offered over ${SPDY}, ${PROTOCOL}`,
    );
}

/** Takes the connection over and serves it until the command ends or the client leaves. */
export async function serveExec(
  socket: Duplex,
  options: ExecOptions,
  start: () => Promise<ExecSession>,
): Promise<void> {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${SPDY}\r\nX-Stream-Protocol-Version: ${PROTOCOL}\r\n\r\n`,
  );
  const streams = new Map<string, Stream>();
  /** What the client types before the command runs. */
  const typed = new PassThrough();
  let session: ExecSession | undefined;
  let begun = false;

  async function run(): Promise<void> {
    const status = await carry(options, streams, typed, start, (started) => {
      session = started;
    });
    streams.get('error')?.write(JSON.stringify(status));
    for (const stream of streams.values()) stream.end();
  }

  const wanted = wantedStreams(options);
  try {
    await serveSpdy(socket, (stream) => {
      const type = stream.headers.get('streamtype') ?? '';
      streams.set(type, stream);
      if (type === 'stdin') stream.onData = (data) => void (data === null ? typed.end() : typed.write(data));
      if (begun || !wanted.every((name) => streams.has(name))) return;
      begun = true;
      void run().catch((error: unknown) => socket.destroy(error instanceof Error ? error : undefined));
    });
  } finally {
    session?.kill();
  }
}

const wantedStreams = ({ stdin, stdout, stderr, tty }: ExecOptions): string[] => [
  'error',
  ...(stdin ? ['stdin'] : []),
  ...(stdout ? ['stdout'] : []),
  ...(stderr ? ['stderr'] : []),
  ...(tty ? ['resize'] : []),
];

/** Runs the command to its end. @returns the Status to tell the client */
async function carry(
  options: ExecOptions,
  streams: ReadonlyMap<string, Stream>,
  typed: PassThrough,
  start: () => Promise<ExecSession>,
  started: (session: ExecSession) => void,
): Promise<object> {
  let session: ExecSession;
  try {
    session = await start();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return (
      error instanceof ApiError ? error : internal(`error executing command in container: ${why}`)
    ).toStatus();
  }
  started(session);
  session.stdout.on('data', (data: Buffer) => streams.get('stdout')?.write(data));
  session.stderr.on('data', (data: Buffer) => streams.get('stderr')?.write(data));
  if (options.stdin) typed.pipe(session.stdin);
  else session.stdin.end();
  const code = await session.exited;
  if (code === 0) return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}
