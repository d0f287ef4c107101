/**
 * The platform's own tables, in the form of a domain: they live in every tenant schema beside the domains' tables,
 * so that a domain's rows and its events commit together.
 */
import type { DomainDefinition, PersonalData } from '../definition.ts';

/** Events and tasks go on without the person: what comes after them still finds its order. */
const MENTIONED: PersonalData = { by: ['key', 'payload'], erase: 'redact' };

export const platform: DomainDefinition = {
  name: 'platform',
  summary:
    'Outbox, event log, consumers’ positions, tasks, idempotency keys, documents, renditions, API keys, the audit log, what is searched, what is counted, and messages sent to nobody.',
  tables: [
    {
      name: 'promised_events',
      spread: 'tenant',
      access: 'write',
      sweep: true,
      personal: { by: ['events'], erase: 'redact' },
    },
    { name: 'event_log', spread: 'tenant', access: 'write', personal: MENTIONED },
    { name: 'event_heads', spread: 'tenant', access: 'write', sweep: true },
    { name: 'consumer_positions', spread: 'tenant', access: 'write', sweep: true },
    { name: 'parked_messages', spread: 'tenant', access: 'write', sweep: true, personal: MENTIONED },
    { name: 'consumer_marks', spread: 'tenant', access: 'write' },
    { name: 'dead_letters', spread: 'tenant', access: 'write', sweep: true, personal: MENTIONED },
    { name: 'tasks', spread: 'tenant', access: 'write', sweep: true, personal: MENTIONED },
    {
      name: 'idempotency_keys',
      spread: 'tenant',
      access: 'write',
      personal: { by: ['scope', 'body'], erase: 'delete' },
    },
    { name: 'documents', spread: 'tenant', access: 'write', personal: { by: ['body'], erase: 'redact' } },
    {
      name: 'document_fields',
      spread: 'tenant',
      access: 'write',
      personal: { by: ['value'], erase: 'delete' },
    },
    // Of products and alike; whoever indexes persons declares it here.
    { name: 'search_documents', spread: 'tenant', access: 'write' },
    // Of persons by pseudonyms alone; whose they are, their writer knows and forgets.
    { name: 'facts', spread: 'tenant', access: 'write' },
    { name: 'fact_rollups', spread: 'tenant', access: 'write' },
    {
      name: 'sent_messages',
      spread: 'tenant',
      access: 'write',
      personal: { by: ['recipient', 'message'], erase: 'delete' },
    },
    { name: 'picture_renditions', spread: 'tenant', access: 'write' },
    { name: 'api_keys', spread: 'tenant', access: 'write' },
    // Names routes and ids, never what was sent.
    { name: 'audit_entries', spread: 'tenant', access: 'write' },
    { name: 'audit_heads', spread: 'tenant', access: 'write' },
  ],
  migrations: new URL('./migrations/', import.meta.url),
  topics: [],
  consumes: [],
  tasks: [],
  buckets: [{ name: 'renditions', public: true }],
  routes: [],
  scaling: { min: 1, max: 1, cpuPercent: 70 },
  slo: { availability: 0.999, p99Milliseconds: 200 },
};
