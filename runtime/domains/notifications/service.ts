/** The notifications domain's handlers. What is sent is written down first (`notify.ts`) and sent by a task (`deliver.ts`). */
import { createHash, createHmac, randomInt, timingSafeEqual } from 'node:crypto';
import type { CreateService, Platform, RouteRequest } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { SqlRunner, TenantId } from '../../platform/ports.ts';
import { isPushService } from '../../platform/push/services.ts';
import { addressKey, createContacts, maskAddress, preferenceOf, type Contact } from './contacts.ts';
import { notifications } from './definition.ts';
import { createDelivering } from './deliver.ts';
import { createHearing } from './hearing.ts';
import { CATEGORIES, KINDS, type Category } from './kinds.ts';
import { listDeliveries, listSuppressions } from './log.ts';
import { createNotifier, DELIVER, nextHour } from './notify.ts';
import { outboxPage, unsubscribePage, unsubscribedPage } from './pages.ts';
import * as s from './schemas.ts';
import { preferencesLink, readToken, settingsOf, writeSettings } from './settings.ts';
import { compileSource, createTemplates, variablesOf, type TemplateKey } from './templates/store.ts';

const CODE_MS = 10 * 60_000;
const CODES_PER_HOUR = 3;
/** Whoever asks for them: a telephone is not made to ring by many accounts either. */
const CODES_TO_A_NUMBER = 5;
const MOST_TRIES = 5;
const MOST_BROWSERS = 20;
/** What nobody chooses for themselves, or only by what they choose else. */
const UNSHOWN: ReadonlySet<Category> = new Set(['account', 'merchant', 'digest']);
const REPORT_SECRET = 'notifications-report-secret';
const REPORT_AGE_SECONDS = 300;

export interface NotificationsOptions {
  /** Tests have a push service of their own. */
  readonly allowsEndpoint?: (endpoint: string) => boolean;
}

export const createService: CreateService = (platform) => createNotifications(platform);

export function createNotifications(
  platform: Platform,
  { allowsEndpoint = isPushService }: NotificationsOptions = {},
): ReturnType<CreateService> {
  const { sql, clock, newId } = platform;
  const contacts = createContacts(platform);
  const templates = createTemplates(platform);
  const notifier = createNotifier({ clock, newId, contacts });
  const delivering = createDelivering(platform, { contacts, templates, notifier });
  const hearing = createHearing(platform, { contacts, notifier });
  const reader = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });

  /** Whom a request is about: the signed-in customer, or whoever was sent the link. */
  async function contactsOf({ tenant, caller, query }: RouteRequest): Promise<readonly Contact[]> {
    const { token } = query as { token?: string };
    if (token !== undefined) return [(await signedContact(tenant.id, token)).contact];
    if (caller.customerId === undefined)
      throw new ShopError('unauthenticated', 'Whose preferences these are is not known.', {
        remedy: 'Log in, or follow the link of a message.',
      });
    return contacts.ofCustomer(reader(tenant.id), tenant.id, caller.customerId);
  }

  async function signedContact(
    tenant: TenantId,
    token: string,
  ): Promise<{ contact: Contact; category: Category }> {
    const { key } = await settingsOf(reader(tenant), tenant);
    const read = readToken(key, token);
    const contact = read && (await contacts.byId(reader(tenant), tenant, read.contactId));
    if (read === undefined || contact === undefined)
      throw new ShopError('not_found', 'This link is not one of ours, or its address was erased.', {
        remedy: 'Follow the link of a newer message.',
      });
    return { contact, category: read.category };
  }

  function show(found: readonly Contact[]) {
    return {
      contacts: found.map((contact) => ({
        id: contact.id,
        channel: contact.channel,
        address: maskAddress(contact.channel, contact.address),
        state: contact.state,
        preferences: Object.fromEntries(
          CATEGORIES.filter((category) => !UNSHOWN.has(category)).map((category) => [
            category,
            preferenceOf(contact, category),
          ]),
        ),
      })),
    };
  }

  async function templateView(request: RouteRequest) {
    const key = request.params as TemplateKey;
    const { source, locale, version } = await templates.find(reader(request.tenant.id), request.tenant, key);
    return {
      kind: key.kind,
      channel: key.channel,
      locale,
      ...source,
      version,
      variables: variablesOf(key.kind),
    };
  }

  /** Once the contact is locked. @throws ShopError `rate_limited` */
  async function checkCodesSent(
    tx: SqlRunner,
    tenant: TenantId,
    customerId: string,
    { id }: Contact,
  ): Promise<void> {
    const counted = `select count(*)::int from notifications_deliveries where tenant_id = $1 and kind = 'contact.code' and created_at > $4`;
    const { rows } = await tx.query<{ asked: number; got: number }>(
      `select (${counted} and source like $2) as asked, (${counted} and contact_id = $3) as got`,
      [tenant, `code:${customerId}:%`, id, new Date(clock.now().getTime() - 60 * 60_000)],
    );
    const { asked, got } = rows[0] ?? { asked: 0, got: 0 };
    if (asked < CODES_PER_HOUR && got < CODES_TO_A_NUMBER) return;
    throw new ShopError('rate_limited', 'Enough codes have been sent.', {
      retryAfterSeconds: 60 * 60,
      remedy: 'Try again in an hour.',
    });
  }

  return {
    definition: notifications,
    hearsApart: true,
    consumers: {
      'orders.order': hearing.order,
      'orders.draft': hearing.draft,
      'payments.payment': hearing.payment,
      'accounts.customer': hearing.customer,
      'accounts.company': hearing.company,
      'webhooks.subscription': hearing.subscription,
      'catalog.review': hearing.review,
    },
    tasks: {
      [DELIVER]: delivering.deliver,
      'notifications.digest': delivering.digest,
      'notifications.tidy': delivering.tidy,
    },
    operations: {
      /** For domains that know of something to tell. The same key is told once. */
      async notify(tenant, input) {
        const { key, kind, to, channels, variables } = s.notifyInput.parse(input);
        const deliveries = await sql.transaction(tenant.id, async (tx) => {
          const { settings } = await settingsOf(tx, tenant.id);
          const reached = await notifier.reach(tx, tenant.id, to);
          return notifier.notify(tx, tenant.id, {
            source: key,
            kind,
            contacts: reached.filter(({ channel }) => channels === undefined || channels.includes(channel)),
            variables,
            digestAt: nextHour(clock.now(), settings.digestHour, settings.zone),
          });
        });
        return { deliveries };
      },
      /** For many people at once, each of whom is told what concerns them; customers who have no mailbox here are passed over. */
      async notifyMany(tenant, input) {
        const { kind, channels, people } = s.notifyManyInput.parse(input);
        const deliveries = await sql.transaction(tenant.id, async (tx) => {
          const { settings } = await settingsOf(tx, tenant.id);
          const ids = people.flatMap(({ to }) => ('customerId' in to ? [to.customerId] : []));
          const customers = await contacts.ofCustomers(tx, tenant.id, ids);
          const digestAt = nextHour(clock.now(), settings.digestHour, settings.zone);
          const made: string[] = [];
          for (const { to, key, variables } of people) {
            const reached =
              'customerId' in to
                ? (customers.get(to.customerId) ?? [])
                : await notifier.reach(tx, tenant.id, to);
            made.push(
              ...(await notifier.notify(tx, tenant.id, {
                source: key,
                kind,
                contacts: reached.filter(({ channel }) => channels.includes(channel)),
                variables,
                digestAt,
              })),
            );
          }
          return made;
        });
        return { deliveries };
      },
    },
    routes: {
      async getPreferences(request) {
        return { json: show(await contactsOf(request)) };
      },
      async setPreferences(request) {
        const { preferences } = request.body as { preferences: s.Choices };
        const found = await contactsOf(request);
        await sql.transaction(request.tenant.id, async (tx) => {
          for (const { id } of found) await contacts.prefer(tx, request.tenant.id, id, chosen(preferences));
        });
        return { json: show(await contactsOf(request)) };
      },
      async showUnsubscribe({ tenant, query }) {
        const { token } = query as { token: string };
        const { contact } = await signedContact(tenant.id, token);
        return unsubscribePage(
          tenant,
          maskAddress(contact.channel, contact.address),
          contact.locale,
          preferencesLink('', token),
        );
      },
      async unsubscribe({ tenant, query }) {
        const { token } = query as { token: string };
        const { contact, category } = await signedContact(tenant.id, token);
        await contacts.prefer(reader(tenant.id), tenant.id, contact.id, { [category]: 'off' });
        return unsubscribedPage(tenant, contact.locale, preferencesLink('', token));
      },
      async getPushKey({ tenant }) {
        const publicKey = await platform.push.publicKey(tenant.id);
        if (publicKey === undefined)
          throw new ShopError('not_found', 'This shop sends no push messages.', {
            remedy: 'Give the shop a secret push-key.',
          });
        return { json: { publicKey } };
      },
      async subscribePush({ tenant, caller, body }) {
        const { endpoint, keys } = body as { endpoint: string; keys: { p256dh: string; auth: string } };
        if (!allowsEndpoint(endpoint))
          throw new ShopError('invalid_input', 'The endpoint is none of a push service.', {
            problems: [{ where: 'body/endpoint', what: 'is no address of a browser’s push service' }],
          });
        await sql.transaction(tenant.id, async (tx) => {
          const mine =
            caller.customerId === undefined
              ? []
              : await contacts.ofCustomer(tx, tenant.id, caller.customerId);
          if (mine.filter(({ channel }) => channel === 'push').length >= MOST_BROWSERS)
            throw new ShopError('conflict', `At most ${MOST_BROWSERS} browsers can be subscribed.`, {
              remedy: 'Unsubscribe one first.',
            });
          const contact = await contacts.ensure(tx, tenant.id, {
            channel: 'push',
            address: endpoint,
            customerId: caller.customerId,
          });
          await contacts.note(tx, tenant.id, contact.id, { keys });
          // A browser that had gone has come back.
          await contacts.release(tx, tenant.id, contact.id);
        });
        return {};
      },
      async unsubscribePush({ tenant, caller, body }) {
        const { endpoint } = body as { endpoint: string };
        await sql.query(
          tenant.id,
          `delete from notifications_contacts where tenant_id = $1 and channel = 'push' and address = $2 and customer_id = $3`,
          [tenant.id, endpoint, caller.customerId ?? ''],
        );
        return {};
      },
      async addPhone({ tenant, caller, body, requestId }) {
        const { phone } = body as { phone: string };
        const customerId = caller.customerId ?? '';
        const code = String(randomInt(1_000_000)).padStart(6, '0');
        await sql.transaction(tenant.id, async (tx) => {
          await contacts.lockMailboxes(tx, tenant.id, customerId);
          // Whose number it is is not known before the code has come back.
          const contact = await contacts.ensure(tx, tenant.id, {
            channel: 'sms',
            address: phone,
            state: 'pending',
          });
          await checkCodesSent(tx, tenant.id, customerId, contact);
          const until = clock.now().getTime() + CODE_MS;
          await contacts.note(tx, tenant.id, contact.id, {
            code: { customerId, hash: hashOf(contact.id, code), until, tries: 0 },
          });
          await notifier.notify(tx, tenant.id, {
            source: `code:${customerId}:${requestId}`,
            kind: 'contact.code',
            contacts: [contact],
            variables: { code },
            digestAt: clock.now(),
          });
        });
        return {};
      },
      async confirmPhone({ tenant, caller, body }) {
        const { phone, code } = body as { phone: string; code: string };
        // A wrong code is counted, so it must not be rolled back with the answer.
        const right = await sql.transaction(tenant.id, async (tx) => {
          const known = await contacts.byAddress(tx, tenant.id, 'sms', phone);
          // Who guesses many times at once is counted one after the other.
          const contact = known && (await contacts.lock(tx, tenant.id, known.id));
          const asked = contact?.details.code;
          if (contact === undefined || asked === undefined || asked.customerId !== caller.customerId)
            return false;
          if (asked.tries >= MOST_TRIES || asked.until < clock.now().getTime()) return false;
          await contacts.note(tx, tenant.id, contact.id, { code: { ...asked, tries: asked.tries + 1 } });
          if (asked.hash !== hashOf(contact.id, code)) return false;
          await tx.query(
            `update notifications_contacts set customer_id = $3, details = '{}', updated_at = $4,
               state = case when state = 'pending' then 'active' else state end where tenant_id = $1 and id = $2`,
            [tenant.id, contact.id, asked.customerId, clock.now()],
          );
          return true;
        });
        if (!right)
          throw new ShopError('invalid_input', 'The code is wrong, or too old.', {
            problems: [{ where: 'body/code', what: 'is not the one that was sent last' }],
            remedy: 'Ask for another one.',
          });
        return {};
      },
      async receiveReport({ tenant, body, headers }) {
        // A raw body is bytes.
        const bytes = body as Buffer;
        await checkReport(platform, tenant.id, bytes, headers['x-signature']);
        const report = reportIn(bytes);
        await sql.transaction(tenant.id, async (tx) => {
          const contact = await contacts.ensure(tx, tenant.id, report);
          await contacts.suppress(tx, tenant.id, contact.id, report.event);
          if (report.id !== undefined && report.event === 'bounced')
            await tx.query(
              `update notifications_deliveries set state = 'bounced' where tenant_id = $1 and id = $2 and contact_id = $3 and state = 'sent'`,
              [tenant.id, report.id, contact.id],
            );
        });
        return {};
      },
      showOutbox: ({ tenant }) => Promise.resolve(outboxPage(tenant)),
      async listTemplates({ tenant }) {
        return { json: { templates: await templates.list(reader(tenant.id), tenant.id) } };
      },
      async getTemplate(request) {
        return { json: await templateView(request) };
      },
      async putTemplate(request) {
        const { version, ...source } = request.body as s.TemplateSource & { version?: number };
        const key = request.params as TemplateKey;
        await templates.put(reader(request.tenant.id), request.tenant.id, key, source, version);
        return { json: await templateView(request) };
      },
      async deleteTemplate({ tenant, params }) {
        await templates.remove(reader(tenant.id), tenant.id, params as TemplateKey);
        return {};
      },
      async previewTemplate({ tenant, body }) {
        const { kind, channel, locale, source } = body as TemplateKey & { source?: s.TemplateSource };
        const compiled = source === undefined ? {} : { compiled: compileSource({ kind, channel }, source) };
        const variables = KINDS[kind].sample;
        const made = await delivering.preview(tenant, {
          kind,
          channel,
          locale,
          variables,
          recipient: 'Ada',
          ...compiled,
        });
        return { json: { ...made, locale: source === undefined ? made.locale : locale } };
      },
      async sendTest({ tenant, body, requestId, earn }) {
        const { kind, channel, locale, to } = body as {
          kind: keyof typeof KINDS;
          channel: 'mail' | 'sms';
          locale?: string;
          to: string;
        };
        if (!(channel === 'mail' ? s.email : s.phone).safeParse(to).success)
          throw new ShopError('invalid_input', 'The address does not fit the channel.', {
            problems: [
              {
                where: 'body/to',
                what: channel === 'mail' ? 'is no e-mail address' : 'is no number in full',
              },
            ],
          });
        return sql.transaction(tenant.id, async (tx) => {
          const contact = await contacts.ensure(tx, tenant.id, { channel, address: to, locale });
          const [id] = await notifier.notify(tx, tenant.id, {
            source: `test:${requestId}`,
            kind,
            // Whoever tests wants to see it, whatever they prefer.
            contacts: [{ ...contact, preferences: { [KINDS[kind].category]: 'on' } }],
            variables: KINDS[kind].sample,
            digestAt: clock.now(),
          });
          if (id === undefined)
            throw new ShopError('invalid_input', `Messages of kind ${kind} do not go by ${channel}.`, {
              problems: [{ where: 'body/channel', what: 'is none of the kind’s' }],
            });
          return earn(tx, { status: 202, json: { id } });
        });
      },
      listDeliveries: ({ tenant, query }) =>
        listDeliveries(reader(tenant.id), tenant.id, s.deliveryQuery.parse(query)),
      async getSettings({ tenant }) {
        return { json: (await settingsOf(reader(tenant.id), tenant.id)).settings };
      },
      async putSettings({ tenant, body }) {
        const settings = body as s.Settings;
        await sql.transaction(tenant.id, async (tx) => {
          await writeSettings(tx, tenant.id, settings);
          for (const address of settings.merchant.emails) {
            const contact = await contacts.ensure(tx, tenant.id, { channel: 'mail', address });
            const { orders: merchant } = settings.merchant;
            await contacts.prefer(tx, tenant.id, contact.id, { merchant, digest: 'on' });
          }
        });
        return { json: settings };
      },
      listSuppressions: ({ tenant, query }) =>
        listSuppressions(reader(tenant.id), tenant.id, query as { cursor?: string; limit: number }),
      async addSuppression({ tenant, body }) {
        const { channel, address } = body as { channel: Contact['channel']; address: string };
        const made = await sql.transaction(tenant.id, async (tx) => {
          const contact = await contacts.ensure(tx, tenant.id, { channel, address });
          await contacts.suppress(tx, tenant.id, contact.id, 'merchant');
          return contact;
        });
        const at = clock.now().toISOString();
        return {
          json: { id: made.id, channel, address: addressKey(channel, address), reason: 'merchant', at },
        };
      },
      async removeSuppression({ tenant, params }) {
        const { id } = params as { id: string };
        if (!(await contacts.release(reader(tenant.id), tenant.id, id)))
          throw new ShopError('not_found', 'Nothing of that id is suppressed.');
        return {};
      },
      async listOutbox({ tenant, query }) {
        const found = await platform.outbox.list(tenant.id, query as { limit: number; before?: string });
        return { json: { messages: found.map((one) => ({ ...one, at: one.at.toISOString() })) } };
      },
    },
  };
}

/** What is undefined was not chosen. */
function chosen(preferences: s.Choices): Partial<Record<Category, s.Mode>> {
  const said = Object.fromEntries(Object.entries(preferences).filter(([, mode]) => mode !== undefined));
  // Who wants something once a day wants the day's digest again.
  return Object.values(said).includes('daily') ? { ...said, digest: 'on' } : said;
}

function hashOf(contactId: string, code: string): string {
  return createHash('sha256').update(`${contactId}/${code}`).digest('base64url');
}

/**
 * `x-signature: t=<seconds>,v1=<hex>`: HMAC-SHA-256 of `<seconds>.<body>` with the shop's secret `notifications-report-secret`.
 * @throws ShopError `unauthenticated`
 */
async function checkReport(
  { secrets, clock }: Platform,
  tenant: TenantId,
  body: Buffer,
  header: string | undefined,
): Promise<void> {
  const [, seconds = '', given = ''] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header ?? '') ?? [];
  const secret = await secrets.get(tenant, REPORT_SECRET);
  const age = Math.abs(clock.now().getTime() / 1_000 - Number(seconds));
  const right =
    secret !== undefined &&
    given !== '' &&
    age <= REPORT_AGE_SECONDS &&
    timingSafeEqual(
      createHmac('sha256', secret).update(`${seconds}.`).update(body).digest(),
      Buffer.from(given, 'hex'),
    );
  if (!right)
    throw new ShopError(
      'unauthenticated',
      'The report is not signed by whom this shop trusts, or is too old.',
      {
        remedy: `Sign it with the secret ${REPORT_SECRET}.`,
      },
    );
}

/** @throws ShopError `invalid_input`: a signature says who wrote it, not that it is what we understand */
function reportIn(bytes: Buffer): ReturnType<typeof s.report.parse> {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new ShopError('invalid_input', 'The report is no JSON.', { cause: error });
  }
  const { data, error } = s.report.safeParse(json);
  if (data !== undefined) return data;
  throw new ShopError('invalid_input', 'The report says nothing that is understood here.', { cause: error });
}
