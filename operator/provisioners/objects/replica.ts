/**
 * A bucket that is copied, object by object, to another one elsewhere, deletions and the deletion of versions included: what a tenant
 * asked to be gone is gone there too. The rule of ours in a bucket's replication, among those of others. Pure.
 */

const REPLICA_RULE = 'shopmind-replica';

/** @param xml of the bucket, as the server has it */
export function isReplicated(xml: string | undefined, arn: string, prefix: string): boolean {
  const rule = rulesOf(xml).find(isOurs);
  if (rule === undefined) return false;
  const priority = Number(textIn(rule, 'Priority'));
  // The server says more, and in an order of its own.
  const there = new Set(parts(rule));
  return parts(ruleFor(arn, prefix, priority)).every((part) => there.has(part));
}

/** The same, with our rule as it has to be. */
export function withReplica(xml: string | undefined, arn: string, prefix: string): string {
  const others = rulesOf(xml).filter((rule) => !isOurs(rule));
  const priority = 1 + Math.max(0, ...others.map((rule) => Number(textIn(rule, 'Priority') ?? 0)));
  return `<ReplicationConfiguration>${others.join('')}${ruleFor(arn, prefix, priority)}</ReplicationConfiguration>`;
}

function ruleFor(arn: string, prefix: string, priority: number): string {
  const enabled = (name: string): string => `<${name}><Status>Enabled</Status></${name}>`;
  return [
    `<Rule><ID>${REPLICA_RULE}</ID><Status>Enabled</Status><Priority>${priority}</Priority>`,
    enabled('DeleteMarkerReplication'),
    enabled('DeleteReplication'),
    enabled('ExistingObjectReplication'),
    `<Filter><Prefix>${escaped(prefix)}</Prefix></Filter>`,
    `<Destination><Bucket>${arn}</Bucket></Destination></Rule>`,
  ].join('');
}

/** The members of a rule, each with what is in it. */
function parts(rule: string): readonly string[] {
  return rule.replace(/^<Rule>|<\/Rule>$/g, '').match(/<(\w+)>.*?<\/\1>/g) ?? [];
}

function rulesOf(xml: string | undefined): readonly string[] {
  return xml?.match(/<Rule>.*?<\/Rule>/gs) ?? [];
}

function isOurs(rule: string): boolean {
  return textIn(rule, 'ID') === REPLICA_RULE;
}

function textIn(xml: string, tag: string): string | undefined {
  return new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml)?.[1];
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
