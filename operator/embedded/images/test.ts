/**
 * The image `shopmind/test`: a small process for tests of the cluster. Arguments say what it does:
 *   serve                 answers HTTP on POD_IP:PORT with its name; /healthz answers READY_STATUS or, after /break, 500;
 *                         FAIL_PERCENT of other requests are answered 500, and all of them after DELAY_MS
 *   exit <code> [ms]      ends with a code, after a while
 *   print <n>             writes n lines and ends well
 *   burn                  keeps a core busy
 *   stubborn              does not end when asked to
 *   resolve <name>        prints what a name resolves to, through `dns.lookup`
 *   fetch <url>           prints what an address answers
 */
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:http';

const [mode = 'serve', ...args] = process.argv.slice(2);
const env = process.env;

const MODES: Readonly<Record<string, () => void | Promise<void>>> = {
  serve,
  burn,
  exit: () => void setTimeout(() => process.exit(Number(args[0] ?? 0)), Number(args[1] ?? 0)),
  print: () => {
    for (let line = 1; line <= Number(args[0] ?? 1); line += 1) say(`line ${line}`);
  },
  stubborn: () => {
    process.on('SIGTERM', () => say('asked to end'));
    say('started');
    setInterval(() => undefined, 1 << 30);
  },
  resolve: async () =>
    say((await lookup(args[0] ?? '', { all: true })).map(({ address }) => address).join(',')),
  fetch: async () => say(await (await fetch(args[0] ?? '')).text()),
};

await MODES[mode]?.();

function serve(): void {
  let status = Number(env['READY_STATUS'] ?? 200);
  const failPercent = Number(env['FAIL_PERCENT'] ?? 0);
  const delayMs = Number(env['DELAY_MS'] ?? 0);
  let served = 0;
  const server = createServer((request, response) => {
    if (request.url === '/break') status = 500;
    if (request.url === '/mend') status = 200;
    const answer = (code: number): void =>
      void response.writeHead(code).end(`${env['HOSTNAME']} ${env['VERSION'] ?? ''}`.trim());
    if (request.url === '/healthz') return answer(status);
    // Spread evenly, so that any hundred in a row has its share.
    served += failPercent;
    const code = served >= 100 ? 500 : 200;
    served %= 100;
    if (delayMs > 0) setTimeout(answer, delayMs, code);
    else answer(code);
  });
  server.listen(Number(env['PORT'] ?? 8080), env['POD_IP'] ?? '127.0.0.1', () => say('listening'));
  process.on('SIGTERM', () => {
    say('ending');
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}

function burn(): void {
  const until = performance.now() + 50;
  while (performance.now() < until) Math.sqrt(until);
  setImmediate(burn);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
