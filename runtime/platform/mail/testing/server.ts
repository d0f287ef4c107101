/** An SMTP server on loopback that keeps what it is given, with recipients it refuses as real ones do. */
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { ArrivedMail } from '../../contract/mail.ts';

export interface TestSmtp {
  /** With its login. */
  readonly address: string;
  readonly port: number;
  readonly mails: ArrivedMail[];
  /** What is answered to the next mails' contents instead of taking them; the mail counts as taken when `keeps`. */
  fail: { code: number; text: string; hangUp?: boolean; keeps?: boolean } | undefined;
  stop(): Promise<void>;
}

/** By local part of the recipient. */
const REFUSALS: Readonly<Record<string, readonly [code: number, text: string]>> = {
  gone: [550, '5.1.1 User unknown'],
  plain: [550, 'No such user here'],
  policy: [550, '5.7.1 Sender is on a list'],
  full: [552, '5.2.2 Mailbox full'],
  later: [451, '4.7.1 Greylisted, come back'],
};

/** @param tls key and certificate; absent: no STARTTLS */
export async function startSmtp(
  tls?: { readonly key: string; readonly cert: string },
  port = 0,
): Promise<TestSmtp> {
  const mails: ArrivedMail[] = [];
  const server = new SMTPServer({
    authOptional: false,
    logger: false,
    disableReverseLookup: true,
    ...(tls === undefined ? { disabledCommands: ['STARTTLS'], allowInsecureAuth: true } : tls),
    onAuth: ({ username, password }, _session, done) =>
      username === 'acme' && password === 'p@ss:word/1'
        ? done(null, { user: username })
        : done(Object.assign(new Error('5.7.8 Wrong login'), { responseCode: 535 })),
    onRcptTo({ address }, _session, done) {
      const refusal = REFUSALS[address.split('@')[0] ?? ''];
      if (refusal === undefined) return done();
      done(Object.assign(new Error(refusal[1]), { responseCode: refusal[0] }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('end', () => {
        const { fail } = smtp;
        const raw = Buffer.concat(chunks).toString('utf8');
        if (fail === undefined || fail.keeps === true)
          mails.push(parse(raw, session.envelope.rcptTo[0]?.address ?? ''));
        if (fail?.hangUp === true) return hangUp(server);
        if (fail !== undefined) return done(Object.assign(new Error(fail.text), { responseCode: fail.code }));
        done(null, '2.0.0 Ok: queued as 4XyZ123');
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  // It listens on TCP.
  const bound = (server.server.address() as AddressInfo).port;
  const smtp: TestSmtp = {
    address: `smtp://acme:${encodeURIComponent('p@ss:word/1')}@127.0.0.1:${bound}/${tls === undefined ? '?tls=off' : ''}`,
    port: bound,
    mails,
    fail: undefined,
    stop: () =>
      new Promise((resolve) => {
        hangUp(server);
        server.close(() => resolve());
      }),
  };
  return smtp;
}

/** Without a word, as a server does that is killed. */
function hangUp(server: SMTPServer): void {
  for (const connection of server.connections) connection._socket.destroy();
}

/** As much of MIME (RFC 2045 to 2047) as our mails have. */
function parse(raw: string, to: string): ArrivedMail {
  const { headers, body } = split(raw);
  const boundary = /boundary="?([^";]+)/.exec(headers['content-type'] ?? '')?.[1] ?? '';
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => split(part.replace(/^\r\n/, '')));
  const part = (type: string): string => {
    const found = parts.find((one) => one.headers['content-type']?.startsWith(type));
    return found === undefined
      ? ''
      : decoded(found.body, found.headers['content-transfer-encoding'] ?? '').replaceAll('\r\n', '\n');
  };
  return {
    id: /^<([^@]+)@/.exec(headers['message-id'] ?? '')?.[1] ?? '',
    to,
    from: /<([^>]+)>/.exec(headers['from'] ?? '')?.[1] ?? '',
    subject: words(headers['subject'] ?? ''),
    html: part('text/html'),
    text: part('text/plain'),
    headers,
  };
}

function split(raw: string): { headers: Record<string, string>; body: string } {
  const [head = '', ...rest] = raw.split('\r\n\r\n');
  const lines = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n');
  const headers = lines.map((line) => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  return { headers: Object.fromEntries(headers), body: rest.join('\r\n\r\n') };
}

function decoded(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  return encoding === 'quoted-printable' ? quotedPrintable(body.replaceAll(/=\r\n/g, '')) : body;
}

function quotedPrintable(text: string): string {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function words(header: string): string {
  const joined = header.replaceAll(/\?=\s+=\?/g, '?==?');
  return joined.replaceAll(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, (_, encoding: string, text: string) =>
    encoding.toUpperCase() === 'B'
      ? Buffer.from(text, 'base64').toString('utf8')
      : quotedPrintable(text.replaceAll('_', ' ')),
  );
}
