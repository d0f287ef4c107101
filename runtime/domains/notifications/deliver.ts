/**
 * The task that sends one notification. It may die anywhere and be begun again: until the log says that a message was taken it is sent
 * again under the same id, by which the provider, the mailbox or the outbox knows it.
 */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Sent, SqlRunner, TaskHandler, Tenant, TenantId } from '../../platform/ports.ts';
import {
  asJson,
  contactIn,
  maskAddress,
  modeOf,
  type Contact,
  type ContactRow,
  type Contacts,
} from './contacts.ts';
import { KIND_NAMES, KINDS, type KindName } from './kinds.ts';
import { DELIVER, nextHour, type Notifier } from './notify.ts';
import { settings as settingsSchema, type DeliveryState, type Settings } from './schemas.ts';
import { preferencesLink, settingsIn, settingsOf, signToken, type StoredSettings } from './settings.ts';
import { layoutHtml, layoutText, type Surroundings, type WayOut } from './templates/layout.ts';
import {
  ownTemplates,
  render,
  type OwnTemplate,
  type Rendered,
  type TemplateStore,
} from './templates/store.ts';
import { frameIn } from './words/index.ts';

const HOUR_MS = 60 * 60 * 1_000;
/** What could not be sent for so long is not news any more. */
const GIVE_UP_MS = 72 * HOUR_MS;
const KEPT_MS = 90 * 24 * HOUR_MS;
const SECRET_KINDS = KIND_NAMES.filter((name) => KINDS[name].secret === true);
const DEFAULT_PER_HOUR = settingsSchema.parse({}).perHour;
const PUSH_TTL_SECONDS = 24 * 60 * 60;

export interface Delivering {
  readonly deliver: TaskHandler;
  readonly digest: TaskHandler;
  readonly tidy: TaskHandler;
  /** A message as a recipient would see it. @param variables parsed by the kind's schema */
  preview(tenant: Tenant, message: Previewed): Promise<Rendered & { readonly locale: string }>;
}

export interface Previewed {
  readonly kind: KindName;
  readonly channel: Contact['channel'];
  readonly locale: string;
  readonly variables: unknown;
  readonly recipient: string;
  readonly wayOut?: WayOut | undefined;
  readonly compiled?: Parameters<typeof render>[0];
  /** The shop's, where whoever asks has read them. */
  readonly settings?: Settings;
  /** The shop's own of this kind and channel, as `settings`. */
  readonly own?: readonly OwnTemplate[];
}

interface Delivery {
  readonly id: string;
  readonly kind: KindName;
  readonly state: DeliveryState;
  readonly variables: unknown;
  readonly contact_id: string;
  readonly created_at: Date;
}

/** A delivery with all that decides about it, as one statement reads it. */
interface Due extends Delivery {
  /** Null: erased, and the delivery with it in a moment. */
  readonly contact: ContactRow | null;
  /** Null: nobody has asked for this shop's settings yet. */
  readonly settings: unknown;
  readonly key: Buffer | null;
  /** The shop's own for it. */
  readonly templates: readonly OwnTemplate[];
  /** When the oldest was sent of as many as the recipient is sent in an hour; null when there is room. */
  readonly full_since: Date | null;
}

const DUE = `
  select d.id, d.kind, d.state, d.variables, d.contact_id, d.created_at, s.settings, s.key,
    case when c.id is not null then ${asJson('c')} end as contact, ${ownTemplates('d.kind', 'c.channel')} as templates,
    (select sent.ended_at from notifications_deliveries sent
     where sent.tenant_id = $1 and sent.contact_id = d.contact_id and sent.state = 'sent' and sent.ended_at > $3
     order by sent.ended_at desc offset coalesce((s.settings ->> 'perHour')::int, $4::int) - 1 limit 1) as full_since
  from notifications_deliveries d
  left join notifications_contacts c on c.tenant_id = $1 and c.id = d.contact_id
  left join notifications_settings s on s.tenant_id = $1
  where d.tenant_id = $1 and d.id = $2`;

export function createDelivering(
  platform: Platform,
  {
    contacts,
    templates,
    notifier,
  }: { readonly contacts: Contacts; readonly templates: TemplateStore; readonly notifier: Notifier },
): Delivering {
  const { sql, clock, log } = platform;
  const runnerOf = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });

  async function preview(
    tenant: Tenant,
    message: Previewed,
    runner = runnerOf(tenant.id),
  ): Promise<Rendered & { locale: string }> {
    const found =
      message.own === undefined
        ? await templates.find(runner, tenant, message)
        : templates.choose(tenant, message, message.own);
    const settings = message.settings ?? (await settingsOf(runner, tenant.id)).settings;
    const origin = platform.originOf(tenant);
    // It was parsed when it was written down.
    const own = message.variables as Readonly<Record<string, unknown>>;
    const values = {
      ...own,
      shop: { name: tenant.displayName, link: origin },
      recipient: { name: message.recipient },
    };
    const made = render(message.compiled ?? found.compiled, values, {
      locale: found.locale,
      zone: settings.zone,
    });
    if (message.channel !== 'mail') return { ...made, locale: found.locale };
    const around: Surroundings = {
      tenant,
      origin,
      locale: found.locale,
      frame: frameIn(found.locale.split('-')[0] ?? ''),
      subject: made.subject ?? '',
      wayOut: message.wayOut,
    };
    return {
      subject: made.subject,
      html: layoutHtml(made.html ?? '', around),
      text: layoutText(made.text, around),
      locale: found.locale,
    };
  }

  /** Ends a delivery, unless somebody has done so before. */
  async function end(
    tenant: TenantId,
    id: string,
    state: DeliveryState,
    more: { problem?: string; subject?: string | undefined; locale?: string; sent?: Sent } = {},
  ): Promise<void> {
    await sql.query(
      tenant,
      `update notifications_deliveries set state = $3, problem = $4, subject = $5, locale = $6, provider = $7, reference = $8,
         ended_at = $9, variables = case when kind = any ($10::text[]) then '{}'::jsonb else variables end
       where tenant_id = $1 and id = $2 and state = 'waiting'`,
      [
        tenant,
        id,
        state,
        more.problem ?? null,
        more.subject ?? null,
        more.locale ?? null,
        more.sent?.provider ?? null,
        more.sent?.reference ?? null,
        clock.now(),
        SECRET_KINDS,
      ],
    );
  }

  async function send(
    tenant: Tenant,
    { id, kind, variables, templates: own }: Due,
    contact: Contact,
    stored: StoredSettings,
  ): Promise<Sent & { subject: string | undefined; locale: string }> {
    const wayOut = wayOutOf(platform.originOf(tenant), stored.key, contact, kind);
    const locale = contact.locale ?? tenant.locales[0] ?? 'en';
    const made = await preview(tenant, {
      kind,
      channel: contact.channel,
      locale,
      variables,
      recipient: contact.name,
      wayOut,
      settings: stored.settings,
      own,
    });
    const { subject } = made;
    const sent = await handOver(tenant, id, contact, made, stored, wayOut?.unsubscribe, linkIn(variables));
    return { ...sent, subject, locale: made.locale };
  }

  function handOver(
    tenant: Tenant,
    id: string,
    contact: Contact,
    { subject = '', html = '', text }: Rendered,
    { settings }: StoredSettings,
    unsubscribe: string | undefined,
    link: string | undefined,
  ): Promise<Sent> {
    if (contact.channel === 'sms')
      return platform.sms.send(tenant.id, { id, to: contact.address, text: text.slice(0, 1_600) });
    if (contact.channel === 'push') {
      const { keys } = contact.details;
      if (keys === undefined) throw new ShopError('gone', 'The browser’s keys are missing.');
      const content = {
        title: subject.slice(0, 200),
        body: text.slice(0, 1_000),
        url: link ?? platform.originOf(tenant),
      };
      return platform.push.send(tenant.id, {
        id,
        to: { endpoint: contact.address, keys },
        content,
        ttlSeconds: PUSH_TTL_SECONDS,
      });
    }
    const {
      name = tenant.displayName,
      address = `no-reply@${tenant.hosts[0] ?? 'localhost'}`,
      replyTo,
    } = settings.sender;
    return platform.mail.send(tenant.id, {
      id,
      from: { name: name.replaceAll(/\p{Cc}/gu, ' '), address },
      to: contact.address,
      subject,
      html,
      text,
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(unsubscribe === undefined ? {} : { unsubscribe }),
    });
  }

  /** Why it is not sent at all; undefined when it may be. */
  function obstacleTo({ kind: name, created_at }: Delivery, contact: Contact): DeliveryState | undefined {
    if (contact.state === 'suppressed') return 'suppressed';
    if (contact.state === 'pending' && name !== 'contact.code') return 'declined';
    if (modeOf(contact, KINDS[name]) === 'off') return 'declined';
    return clock.now().getTime() - created_at.getTime() > GIVE_UP_MS ? 'failed' : undefined;
  }

  async function failed(tenant: TenantId, { id }: Delivery, contact: Contact, error: unknown): Promise<void> {
    const problem = error instanceof Error ? error.message.slice(0, 500) : 'unknown';
    const code = error instanceof ShopError ? error.code : 'internal';
    if (code === 'gone') {
      await sql.transaction(tenant, (tx) => contacts.suppress(tx, tenant, contact.id, 'gone'));
      return end(tenant, id, 'bounced', { problem });
    }
    if (code === 'invalid_input' || code === 'not_found') return end(tenant, id, 'failed', { problem });
    await sql.query(
      tenant,
      `update notifications_deliveries set attempts = attempts + 1, problem = $3 where tenant_id = $1 and id = $2 and state = 'waiting'`,
      [tenant, id, problem],
    );
    log.info(
      {
        tenant,
        delivery: id,
        channel: contact.channel,
        recipient: maskAddress(contact.channel, contact.address),
        code,
      },
      'a message was not taken; it is sent again later',
    );
    throw error;
  }

  async function tenantOf(id: TenantId): Promise<Tenant> {
    const tenant = await platform.tenants.byId(id);
    if (tenant === undefined)
      throw new ShopError('unavailable', 'The shop is not known here yet.', { retryAfterSeconds: 5 });
    return tenant;
  }

  return {
    preview,

    async deliver({ tenant: tenantId, payload }) {
      // Parsed by the definition's schema.
      const { id } = payload as { id: string };
      const { rows } = await sql.query<Due>(tenantId, DUE, [
        tenantId,
        id,
        new Date(clock.now().getTime() - HOUR_MS),
        DEFAULT_PER_HOUR,
      ]);
      const [due] = rows;
      if (due === undefined || due.state !== 'waiting' || due.contact === null) return;
      const contact = contactIn(due.contact);
      const obstacle = obstacleTo(due, contact);
      if (obstacle !== undefined)
        return end(
          tenantId,
          id,
          obstacle,
          obstacle === 'failed' ? { problem: 'given up after three days' } : {},
        );
      const { settings, key, full_since: fullSince } = due;
      if (fullSince !== null) {
        const runAt = new Date(fullSince.getTime() + HOUR_MS);
        return sql.transaction(tenantId, (tx) =>
          tx.enqueue({ name: DELIVER, payload: { id }, key: id, runAt }),
        );
      }
      const stored =
        key === null ? await settingsOf(runnerOf(tenantId), tenantId) : settingsIn({ settings, key });
      try {
        const { subject, locale, ...sent } = await send(await tenantOf(tenantId), due, contact, stored);
        await end(tenantId, id, 'sent', { subject, locale, sent });
      } catch (error) {
        await failed(tenantId, due, contact, error);
      }
    },

    async digest({ tenant: tenantId, payload }) {
      // As above.
      const { contactId } = payload as { contactId: string };
      const tenant = await tenantOf(tenantId);
      await sql.transaction(tenantId, async (tx) => {
        // What is being gathered at this moment found the task waiting and made none of its own: it has to be seen.
        const contact = await contacts.lock(tx, tenantId, contactId);
        const { rows } = await tx.query<Delivery>(
          `select id, kind, state, variables, contact_id, created_at from notifications_deliveries
           where tenant_id = $1 and contact_id = $2 and state = 'gathered' order by created_at, id limit 200 for update`,
          [tenantId, contactId],
        );
        const [first] = rows;
        if (contact === undefined || first === undefined) return;
        const locale = contact.locale ?? tenant.locales[0] ?? 'en';
        const items: object[] = [];
        for (const { kind, variables, created_at } of rows) {
          // Within the transaction: as many digests as there are connections would wait for one more each.
          const { subject = '' } = await preview(
            tenant,
            { kind, channel: 'mail', locale, variables, recipient: contact.name },
            tx,
          );
          items.push({
            title: subject.slice(0, 2_000),
            at: created_at.toISOString(),
            link: linkIn(variables) ?? platform.originOf(tenant),
          });
        }
        const { settings } = await settingsOf(tx, tenantId);
        const digestAt = nextHour(clock.now(), settings.digestHour, settings.zone);
        // A digest is what was asked for: it goes out at once.
        const mailbox = { ...contact, preferences: {} };
        const [digest] = await notifier.notify(tx, tenantId, {
          source: `digest:${first.id}`,
          kind: 'digest',
          contacts: [mailbox],
          variables: { items },
          digestAt,
        });
        await tx.query(
          `update notifications_deliveries set state = 'digested', digest_id = $3, ended_at = $4
           where tenant_id = $1 and id = any ($2::text[])`,
          [tenantId, rows.map(({ id }) => id), digest ?? null, clock.now()],
        );
        if (rows.length === 200)
          await tx.enqueue({ name: 'notifications.digest', payload: { contactId }, key: contactId });
      });
    },

    async tidy({ tenant }) {
      await sql.query(tenant, 'delete from notifications_deliveries where tenant_id = $1 and ended_at < $2', [
        tenant,
        new Date(clock.now().getTime() - KEPT_MS),
      ]);
    },
  };
}

/** The links of a message that its recipient may end. */
function wayOutOf(origin: string, key: Buffer, { id, channel }: Contact, kind: KindName): WayOut | undefined {
  const { required, category } = KINDS[kind];
  if (required || channel !== 'mail') return undefined;
  const token = signToken(key, id, category);
  return {
    unsubscribe: `${origin}/api/notifications/unsubscribe?token=${token}`,
    preferences: preferencesLink(origin, token),
  };
}

/** Every kind that leads somewhere calls it `link`. */
function linkIn(variables: unknown): string | undefined {
  return typeof variables === 'object' &&
    variables !== null &&
    'link' in variables &&
    typeof variables.link === 'string'
    ? variables.link
    : undefined;
}
