/**
 * Mail, SMS and push on the tenant's own tables: what is sent lies in an outbox that the merchant can open, and leaves the house nowhere.
 * For laptops, for tests, and for shops whose provider is not set up yet.
 */
import type {
  Clock,
  Mail,
  MessageChannel,
  Outbox,
  OutboxMessage,
  Push,
  Sent,
  Sms,
  Sql,
  TenantId,
} from '../ports.ts';
import { checkMail, checkPush, checkSms } from './rules.ts';

export interface OutboxAdapters {
  readonly mail: Mail;
  readonly sms: Sms;
  readonly push: Push;
  readonly outbox: Outbox;
}

export function createOutbox({ sql, clock }: { readonly sql: Sql; readonly clock: Clock }): OutboxAdapters {
  async function keep(
    tenant: TenantId,
    channel: MessageChannel,
    recipient: string,
    message: OutboxMessage['message'],
  ): Promise<Sent> {
    await sql.query(
      tenant,
      `insert into sent_messages (tenant_id, id, channel, recipient, message, at) values ($1, $2, $3, $4, $5, $6)
       on conflict (tenant_id, id) do nothing`,
      [tenant, message.id, channel, recipient, JSON.stringify(message), clock.now()],
    );
    return { provider: 'outbox', reference: message.id };
  }

  return {
    mail: {
      async send(tenant, message) {
        checkMail(message);
        return keep(tenant, 'mail', message.to, message);
      },
    },
    sms: {
      async send(tenant, message) {
        checkSms(message);
        return keep(tenant, 'sms', message.to, message);
      },
    },
    push: {
      async send(tenant, message) {
        checkPush(message);
        return keep(tenant, 'push', message.to.endpoint, message);
      },
      publicKey: () => Promise.resolve(undefined),
    },
    outbox: {
      async list(tenant, { limit, before }) {
        const { rows } = await sql.query<OutboxMessage>(
          tenant,
          `select id, channel, recipient, message, at from sent_messages where tenant_id = $1
             and ($3::text is null or (at, id) < (select at, id from sent_messages where tenant_id = $1 and id = $3))
           order by at desc, id desc limit $2`,
          [tenant, limit, before ?? null],
        );
        return rows;
      },
      async get(tenant, id) {
        const { rows } = await sql.query<OutboxMessage>(
          tenant,
          'select id, channel, recipient, message, at from sent_messages where tenant_id = $1 and id = $2',
          [tenant, id],
        );
        return rows[0];
      },
    },
  };
}
