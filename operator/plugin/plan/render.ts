/**
 * A plan as text: objects as unified diffs of YAML, the data plane in the words of its provisioners. Values of Secrets are masked
 * before anything is compared, so none can appear. Pure.
 */
import { stringify } from 'yaml';
import type { PlannedChange, TenantPlan } from '../../controllers/tenant/plan.ts';
import { unified } from '../terminal/diff.ts';
import type { Style } from '../terminal/style.ts';

const SIGNS: Readonly<Record<PlannedChange['action'], string>> = { create: '+', change: '~', delete: '-' };
export const MASK = '<masked>';

export interface PlanWords {
  /** When nothing differs: `nothing would change`. */
  readonly calm: string;
  /** Only names, no diffs. */
  readonly brief: boolean;
}

export function renderPlan(name: string, plan: TenantPlan, style: Style, { calm, brief }: PlanWords): string {
  const { objects, dataPlane } = plan;
  if (objects.length + dataPlane.length === 0) return `tenant ${style.bold(name)}: ${calm}`;
  return [
    `tenant ${style.bold(name)}`,
    ...objects.map((change) => changeText(change, style, brief)),
    ...dataPlane.map((action) => style.yellow(`  ! ${action}`)),
    style.dim(`  ${summary(plan)}`),
  ].join('\n');
}

function changeText(change: PlannedChange, style: Style, brief: boolean): string {
  const { action, object, fields } = change;
  const where = object.namespace === undefined ? object.name : `${object.namespace}/${object.name}`;
  const paint = action === 'create' ? style.green : action === 'delete' ? style.red : style.yellow;
  const head = paint(
    `  ${SIGNS[action]} ${object.kind} ${where}${fields.length === 0 ? '' : `  (${fields.join(', ')})`}`,
  );
  if (brief || change.after === undefined) return head;
  const diff = unified(yaml(change.before), yaml(change.after), style);
  return `${head}\n${diff.replaceAll(/^/gm, '      ')}`;
}

function yaml(object: unknown): string {
  return object === undefined
    ? ''
    : stringify(masked(object), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** A Secret with the names of its values only. */
export function masked(object: unknown): unknown {
  if (!isRecord(object) || object['kind'] !== 'Secret') return object;
  const hide = (values: unknown): unknown =>
    isRecord(values) ? Object.fromEntries(Object.keys(values).map((key) => [key, MASK])) : values;
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key,
      key === 'data' || key === 'stringData' ? hide(value) : value,
    ]),
  );
}

function summary({ objects, dataPlane }: TenantPlan): string {
  const count = (action: PlannedChange['action'], word: string): string[] => {
    const number = objects.filter((one) => one.action === action).length;
    return number === 0 ? [] : [`${number} ${word}`];
  };
  const parts = [
    ...count('create', 'to make'),
    ...count('change', 'to change'),
    ...count('delete', 'to remove'),
    ...(dataPlane.length === 0 ? [] : [`${dataPlane.length} on the data plane`]),
  ];
  return parts.join(', ');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
