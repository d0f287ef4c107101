/**
 * A plan as text: objects as unified diffs of YAML, the data plane in the words of its provisioners. Values of Secrets are masked
 * before anything is compared, so none can appear. Pure.
 */
import { stringify } from 'yaml';
import type { PlannedChange } from '../../controllers/changes.ts';
import { unified } from '../terminal/diff.ts';
import type { Style } from '../terminal/style.ts';
import type { Plan } from './tenants.ts';
import { isRecord } from '../../kube/records.ts';

const SIGNS: Readonly<Record<PlannedChange['action'], string>> = { create: '+', change: '~', delete: '-' };
export const MASK = '<masked>';

export interface PlanWords {
  /** When nothing differs: `nothing would change`. */
  readonly calm: string;
  /** Only names, no diffs. */
  readonly brief: boolean;
}

export function renderPlan(name: string, plan: Plan, style: Style, { calm, brief }: PlanWords): string {
  const { about, objects, dataPlane, unconfirmed } = plan;
  if (objects.length + dataPlane.length === 0) return `${about} ${style.bold(name)}: ${calm}`;
  return [
    `${about} ${style.bold(name)}`,
    ...objects.map((change) => changeText(change, style, brief)),
    ...dataPlane.map((action) => style.yellow(`  ! ${action}`)),
    style.dim(`  ${summary(plan)}`),
    ...(unconfirmed === 0 ? [] : [style.dim(`  ${unconfirmed} of them ${UNCONFIRMED}`)]),
  ].join('\n');
}

const UNCONFIRMED =
  'compared by spelling, where 0.5 and 500m differ: the server, asked by a dry run, would know, but you may not patch there';

function changeText(change: PlannedChange, style: Style, brief: boolean): string {
  const { action, object, fields } = change;
  const where = object.namespace === undefined ? object.name : `${object.namespace}/${object.name}`;
  const said = action === 'change' && fields.length === 0 ? ['less is stated than was applied last'] : fields;
  const paint = action === 'create' ? style.green : action === 'delete' ? style.red : style.yellow;
  const head = paint(
    `  ${SIGNS[action]} ${object.kind} ${where}${said.length === 0 ? '' : `  (${said.join(', ')})`}`,
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

function summary({ objects, dataPlane }: Plan): string {
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
