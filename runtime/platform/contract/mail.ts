/** What every mail adapter must keep: who gets what, under which id, and which failures mean what. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShopError } from '../errors.ts';
import type { Mail, MailMessage } from '../ports.ts';

/** A mail as it lies where it came to. */
export interface ArrivedMail {
  readonly id: string;
  readonly to: string;
  readonly from: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface MailUnderTest {
  readonly mail: Mail;
  /** What a tenant's mails have become, in the order of their arrival. */
  arrived(tenant: string): Promise<readonly ArrivedMail[]>;
  /** Whether the same mail twice arrives once. Otherwise it is the same mail twice. */
  readonly folds: boolean;
}

export const MAIL: Omit<MailMessage, 'id'> = {
  from: { name: 'Acmé Outdoor', address: 'shop@acme.example' },
  to: 'ada@example.com',
  subject: 'Grüße: your order 7K4M — 2 “boots” 靴',
  html: '<p>Dear Ada, <b>übung</b> &amp; more</p>\n.\n<p>after a line with a dot</p>',
  text: 'Dear Ada,\n.\nüber alles',
  unsubscribe: 'https://acme.example/api/notifications/unsubscribe?token=abc',
};

/** Registers the suite. */
export function mailContract(adapter: string, open: () => Promise<MailUnderTest>): void {
  test(`${adapter}: a mail arrives as it was given, letters of all kinds, dots and all`, async () => {
    const { mail, arrived } = await open();
    const sent = await mail.send('one', { ...MAIL, id: 'ntf_first', replyTo: 'help@acme.example' });
    assert.ok(sent.provider !== '' && sent.reference !== '');
    const [came] = await arrived('one');
    assert.ok(came);
    assert.equal(came.to, MAIL.to);
    assert.equal(came.from, MAIL.from.address);
    assert.equal(came.subject, MAIL.subject);
    assert.equal(came.html.trim(), MAIL.html);
    assert.equal(came.text.trim(), MAIL.text);
    assert.equal(came.headers['list-unsubscribe'], `<${MAIL.unsubscribe}>`);
    assert.equal(came.headers['list-unsubscribe-post'], 'List-Unsubscribe=One-Click');
    assert.match(came.headers['reply-to'] ?? '', /help@acme\.example/);
  });

  test(`${adapter}: sent again under its id it is the same mail`, async () => {
    const { mail, arrived, folds } = await open();
    for (let n = 0; n < 2; n++) await mail.send('one', { ...MAIL, id: 'ntf_twice' });
    await mail.send('one', { ...MAIL, id: 'ntf_other' });
    const ids = (await arrived('one')).map(({ id }) => id).toSorted();
    assert.deepEqual(ids, folds ? ['ntf_other', 'ntf_twice'] : ['ntf_other', 'ntf_twice', 'ntf_twice']);
  });

  test(`${adapter}: what would be no mail, or two headers, is refused before it leaves`, async () => {
    const { mail, arrived } = await open();
    const BAD: readonly Partial<MailMessage>[] = [
      { subject: 'a\r\nBcc: eve@example.com' },
      { to: 'ada@example.com, eve@example.com' },
      { to: 'nobody' },
      { from: { name: 'A\nB', address: 'shop@acme.example' } },
      { id: 'with>bracket' },
      { unsubscribe: 'https://x.example/> <https://y.example' },
    ];
    for (const bad of BAD)
      await assert.rejects(
        mail.send('one', { ...MAIL, id: 'ntf_bad', ...bad }),
        (error) => error instanceof ShopError && error.code === 'invalid_input',
        JSON.stringify(bad),
      );
    assert.deepEqual(await arrived('one'), []);
  });
}
