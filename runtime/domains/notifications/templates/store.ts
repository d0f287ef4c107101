/** A shop's templates: its own where it has them, the built-in ones otherwise, in the best language there is. Compiled once each. */
import type { Logger } from 'pino';
import { ShopError } from '../../../platform/errors.ts';
import type { Clock, SqlRunner, Tenant, TenantId } from '../../../platform/ports.ts';
import { CHANNELS, common, KIND_NAMES, KINDS, type Channel, type KindName } from '../kinds.ts';
import { builtIn, LANGUAGES, type Source } from '../words/index.ts';
import { compile, type Template, type Values } from './compile.ts';
import type { Language } from './format.ts';
import { describe, typeOf, type Type } from './types.ts';

export interface TemplateKey {
  readonly kind: KindName;
  readonly channel: Channel;
  readonly locale: string;
}

export interface Compiled {
  readonly subject: Template | undefined;
  readonly html: Template | undefined;
  readonly text: Template;
}

export interface Found {
  readonly source: Source;
  /** The language it is written in. */
  readonly locale: string;
  /** 0: built in. */
  readonly version: number;
  readonly compiled: Compiled;
}

export interface Rendered {
  readonly subject: string | undefined;
  /** Of a mail, what stands between head and foot. */
  readonly html: string | undefined;
  readonly text: string;
}

/** A shop's own of a kind and channel, as JSON, in a statement that has the shop as $1. */
export function ownTemplates(kind: string, channel: string): string {
  return `(select coalesce(jsonb_agg(jsonb_build_object(
      'locale', t.locale, 'version', t.version, 'subject', t.subject, 'html', t.html, 'body', t.body)), '[]'::jsonb)
    from notifications_templates t where t.tenant_id = $1 and t.kind = ${kind} and t.channel = ${channel})`;
}

export type TemplateStore = ReturnType<typeof createTemplates>;

const MOST_KEPT = 2_000;

export function createTemplates({ clock, log }: { readonly clock: Clock; readonly log: Logger }) {
  const kept = new Map<string, Compiled>();

  function compiled(name: string, key: TemplateKey, source: Source): Compiled {
    const known = kept.get(name);
    if (known !== undefined) return known;
    const made = compileSource(key, source);
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(name, made);
    return made;
  }

  async function ownOf(
    sql: SqlRunner,
    tenant: TenantId,
    kind: KindName,
    channel: Channel,
  ): Promise<readonly OwnTemplate[]> {
    const { rows } = await sql.query<OwnTemplate>(
      `select locale, version, subject, html, body from notifications_templates
       where tenant_id = $1 and kind = $2 and channel = $3`,
      [tenant, kind, channel],
    );
    return rows;
  }

  /**
   * The template for a language: of each language of the chain the shop's own comes before the built-in one.
   * @param rows the shop's own of that kind and channel
   */
  function choose(
    tenant: Tenant,
    { kind, channel, locale }: TemplateKey,
    rows: readonly OwnTemplate[],
  ): Found {
    const own = new Map(rows.map((row) => [row.locale, row]));
    for (const language of chainOf(locale, tenant.locales)) {
      const row = own.get(language);
      const key = { kind, channel, locale: language };
      if (row !== undefined) {
        const source = sourceOf(row);
        try {
          const name = `${tenant.id}/${kind}/${channel}/${language}/${row.version}`;
          return { source, locale: language, version: row.version, compiled: compiled(name, key, source) };
        } catch (error) {
          // It was right when it was saved, and a release has changed what it may name since.
          log.warn(
            { err: error, tenant: tenant.id, ...key },
            'a template no longer fits; the next one is used',
          );
        }
      }
      const source = builtIn(kind, channel, language);
      if (source !== undefined) {
        const made = compiled(`*/${kind}/${channel}/${language}`, key, source);
        return { source, locale: language, version: 0, compiled: made };
      }
    }
    throw new ShopError('not_found', `Messages of kind ${kind} do not go by ${channel}.`, {
      remedy: 'See GET /api/admin/notifications/templates for those that do.',
    });
  }

  return {
    choose,

    async find(sql: SqlRunner, tenant: Tenant, key: TemplateKey): Promise<Found> {
      return choose(tenant, key, await ownOf(sql, tenant.id, key.kind, key.channel));
    },

    /** @throws ShopError `invalid_input` that says where a template is wrong; `conflict` when another version is there; `forbidden` */
    async put(
      sql: SqlRunner,
      tenant: TenantId,
      key: TemplateKey,
      source: Source,
      expected?: number,
    ): Promise<void> {
      // Whoever may write templates could lead the link elsewhere, and with it whose it is.
      if (KINDS[key.kind].secret === true && key.channel === 'mail')
        throw new ShopError('forbidden', `The words of ${key.kind} are the same in every shop.`, {
          remedy: 'They carry a way in. Name and logo are the shop’s all the same.',
        });
      compileSource(key, source);
      const { rowCount } = await sql.query(
        `insert into notifications_templates as t (tenant_id, kind, channel, locale, version, subject, html, body, updated_at)
         select $1, $2, $3, $4, 1, $5, $6, $7, $8 where coalesce($9, 0) = 0
           or exists (select 1 from notifications_templates where tenant_id = $1 and kind = $2 and channel = $3 and locale = $4)
         on conflict (tenant_id, kind, channel, locale) do update set version = t.version + 1, subject = excluded.subject,
           html = excluded.html, body = excluded.body, updated_at = excluded.updated_at
         where $9::int is null or t.version = $9`,
        [
          tenant,
          key.kind,
          key.channel,
          key.locale,
          source.subject ?? null,
          source.html ?? null,
          source.text,
          clock.now(),
          expected ?? null,
        ],
      );
      if (rowCount === 0)
        throw new ShopError('conflict', 'Somebody has changed the template meanwhile.', {
          remedy: 'Read it again, and make your change in what is there now.',
        });
    },

    async remove(sql: SqlRunner, tenant: TenantId, { kind, channel, locale }: TemplateKey): Promise<void> {
      await sql.query(
        'delete from notifications_templates where tenant_id = $1 and kind = $2 and channel = $3 and locale = $4',
        [tenant, kind, channel, locale],
      );
    },

    async list(sql: SqlRunner, tenant: TenantId) {
      const { rows } = await sql.query<{ kind: string; channel: string; locale: string }>(
        'select kind, channel, locale from notifications_templates where tenant_id = $1 order by locale',
        [tenant],
      );
      return KIND_NAMES.flatMap((kind) =>
        CHANNELS.filter((channel) => KINDS[kind].channels.includes(channel)).map((channel) => ({
          kind,
          channel,
          category: KINDS[kind].category,
          required: KINDS[kind].required,
          builtIn: Object.keys(LANGUAGES),
          own: rows.filter((row) => row.kind === kind && row.channel === channel).map(({ locale }) => locale),
        })),
      );
    },
  };
}

/** @throws ShopError `invalid_input` that names what a channel needs or what is wrong in it */
export function compileSource(
  { kind, channel }: Omit<TemplateKey, 'locale'>,
  { subject, html, text }: Source,
): Compiled {
  if (!KINDS[kind].channels.includes(channel))
    throw misfit('channel', `messages of kind ${kind} do not go by ${channel}`);
  if ((subject === undefined) !== (channel === 'sms'))
    throw misfit('subject', channel === 'sms' ? 'an SMS has none' : 'is needed');
  if ((html !== undefined) !== (channel === 'mail'))
    throw misfit('html', channel === 'mail' ? 'is needed' : 'is of mail only');
  const types = typesOf(kind);
  return {
    subject: subject === undefined ? undefined : compile(subject, 'line', types, 'subject'),
    html: html === undefined ? undefined : compile(html, 'html', types, 'html'),
    text: compile(text, channel === 'mail' ? 'text' : 'line', types, 'text'),
  };
}

export function render({ subject, html, text }: Compiled, values: Values, language: Language): Rendered {
  return {
    subject: subject?.render(values, language),
    html: html?.render(values, language),
    text: text.render(values, language),
  };
}

/** What a kind's templates may name, for whoever writes one. */
export function variablesOf(kind: KindName): string[] {
  return describe(typesOf(kind));
}

/** Of each language first the narrow, then the wide: what was wished, what the shop speaks, English. */
export function chainOf(wished: string | undefined, shop: readonly string[]): readonly string[] {
  const all = [wished, ...shop, 'en'].filter((one) => one !== undefined);
  return [...new Set(all.flatMap(widening))];
}

/** `de-Latn-AT`, `de-Latn`, `de`. */
function widening(locale: string): string[] {
  const parts = locale.split('-');
  return parts.map((_, n) => parts.slice(0, parts.length - n).join('-'));
}

const types = new Map<KindName, Type>();
function typesOf(kind: KindName): Type {
  const known = types.get(kind);
  if (known !== undefined) return known;
  const [shared, own] = [typeOf(common), typeOf(KINDS[kind].variables)];
  if (shared.kind !== 'object' || own.kind !== 'object')
    throw new Error(`variables of ${kind} are no object`);
  const made: Type = { kind: 'object', fields: new Map([...own.fields, ...shared.fields]) };
  types.set(kind, made);
  return made;
}

function misfit(where: string, what: string): ShopError {
  return new ShopError('invalid_input', `The template does not fit its channel: ${where} ${what}.`, {
    problems: [{ where, what }],
    remedy: 'Mail has subject, html and text; push subject and text; SMS text alone.',
  });
}

/** As stored. */
export interface OwnTemplate {
  readonly locale: string;
  readonly version: number;
  readonly subject: string | null;
  readonly html: string | null;
  readonly body: string;
}

function sourceOf({ subject, html, body }: OwnTemplate): Source {
  return { text: body, ...(subject === null ? {} : { subject }), ...(html === null ? {} : { html }) };
}
