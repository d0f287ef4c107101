/**
 * The mail port by SMTP (nodemailer). `smtp://` insists on STARTTLS unless its address says `?tls=off`, `smtps://` begins with TLS.
 * SMTP knows no idempotency: sent again, a mail carries the same Message-ID, by which mailboxes fold it.
 */
import { createTransport } from 'nodemailer';
import type { Address } from '../address/index.ts';
import { ShopError } from '../errors.ts';
import type { MessageProvider } from '../messages/providers.ts';
import type { MailMessage } from '../ports.ts';

/** @param address options: `tls=off`, for a server on this machine or behind a tunnel */
export function createSmtp(address: Address): MessageProvider<MailMessage> {
  const [server] = address.servers;
  if (server === undefined) throw new Error('an address names at least one server');
  const name = `${server.host}:${server.port}`;
  const plain = address.options['tls'] === 'off';
  const transport = createTransport({
    pool: true,
    host: server.host,
    port: server.port,
    secure: address.scheme === 'smtps',
    requireTLS: address.scheme === 'smtp' && !plain,
    ignoreTLS: plain,
    ...(address.user === undefined ? {} : { auth: { user: address.user, pass: address.password ?? '' } }),
    maxConnections: 2,
    idleTimeout: 20_000,
    // A message whose connection broke is asked for again by whoever sends it, who knows what became of it.
    maxRequeues: 0,
    dnsTimeout: 5_000,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    // A message is what the port was given: no part of it names a file or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });

  return {
    name,
    async send(message) {
      const domain = message.from.address.slice(message.from.address.lastIndexOf('@') + 1);
      try {
        const { messageId, response } = await transport.sendMail({
          messageId: `<${message.id}@${domain}>`,
          from: message.from,
          to: message.to,
          subject: message.subject,
          html: message.html,
          text: message.text,
          ...(message.replyTo === undefined ? {} : { replyTo: message.replyTo }),
          headers: headersOf(message),
        });
        return { provider: name, reference: queueIdIn(response) ?? messageId };
      } catch (error) {
        throw toShopError(error, name);
      }
    },
    close: () => transport.close(),
  };
}

function headersOf({ unsubscribe }: MailMessage): Record<string, string> {
  // Nobody's holiday answer to a machine (RFC 3834).
  const automatic = { 'Auto-Submitted': 'auto-generated' };
  if (unsubscribe === undefined) return automatic;
  return {
    ...automatic,
    'List-Unsubscribe': `<${unsubscribe}>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  };
}

/** `250 2.0.0 Ok: queued as 4XyZ`: what most servers answer, and support asks for. */
function queueIdIn(response: string | undefined): string | undefined {
  return /queued as ([\w.-]{4,60})/i.exec(response ?? '')?.[1];
}

/** As much of nodemailer's errors as is used. */
interface SmtpError {
  readonly code?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
  /** What it was called before nodemailer gave it its own code. */
  readonly originalCode?: string;
  readonly timeoutType?: string;
}

/** Whether the conversation had not begun: of any other that broke off it is not known how far it came. */
function neverThere({ code, originalCode = '', timeoutType }: SmtpError): boolean {
  if (code === 'EDNS' || /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$|CERT|^ERR_(TLS|SSL)/.test(originalCode))
    return true;
  return code === 'ETIMEDOUT' && timeoutType !== undefined && timeoutType !== 'SOCKET_TIMEOUT';
}

function toShopError(error: unknown, provider: string): ShopError {
  // Whatever it is, these are absent or as nodemailer documents them.
  const known = (error ?? {}) as SmtpError;
  const { code, command, response, responseCode } = known;
  const fail = (as: 'unavailable' | 'timeout' | 'forbidden' | 'gone' | 'invalid_input', remedy: string) =>
    new ShopError(as, `${provider}: ${wordsOf(error, response)}`, {
      cause: error,
      remedy,
      ...(as === 'unavailable' && responseCode === undefined ? { retryAfterSeconds: 30 } : {}),
    });
  if (code === 'EAUTH' || code === 'ENOAUTH' || code === 'ECONFIG')
    return fail('forbidden', 'Correct user and password in the shop’s secret mail-providers.');
  if (code === 'ETLS' || code === 'EREQUIRETLS')
    return fail('unavailable', 'Use a server that has STARTTLS, or smtps://.');
  if (responseCode !== undefined) return fail(...verdictOf(responseCode, command, response ?? ''));
  if (neverThere(known)) return fail('unavailable', 'Wait until the server answers.');
  return fail('timeout', 'Send it again: it carries the same Message-ID.');
}

type Verdict = [as: 'unavailable' | 'forbidden' | 'gone' | 'invalid_input', remedy: string];

/** By the enhanced status code where there is one (RFC 3463), else by where in the dialogue it was said. */
function verdictOf(code: number, command: string | undefined, response: string): Verdict {
  if (code < 500 || code === 503) return ['unavailable', 'Send it again later.'];
  const status = /\b5\.(\d{1,3})\.(\d{1,3})\b/.exec(response);
  const subject = status?.[1];
  if (subject === '7' || command === 'MAIL FROM')
    return ['forbidden', 'Ask the provider what it holds against the sender.'];
  // 5.1.x: the address, but 5.1.7 and 5.1.8, which are the sender's. 5.2.1: a mailbox that is closed.
  if (subject === '1' && status?.[2] !== '7' && status?.[2] !== '8')
    return ['gone', 'Write to another address.'];
  if (subject === '2' && status?.[2] === '1') return ['gone', 'Write to another address.'];
  // 5.2.2: full, which may end.
  if (subject === '2') return ['unavailable', 'Send it again later.'];
  if (status === null && command === 'RCPT TO' && (code === 550 || code === 551 || code === 553))
    return ['gone', 'Write to another address.'];
  return ['invalid_input', 'Change the message.'];
}

/** One line, without what a server may have repeated of the recipient. */
function wordsOf(error: unknown, response: string | undefined): string {
  const text = response ?? (error instanceof Error ? error.message : String(error));
  return text
    .replaceAll(/[^\s<>]+@[^\s<>]+/g, '…')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 300);
}
