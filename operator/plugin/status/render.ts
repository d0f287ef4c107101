/**
 * One tenant as sections of aligned tables. Messages stand last in their row and are never cut. Pure.
 */
import type { DataPlaneView } from '../data/look.ts';
import type { Health } from '../health/node.ts';
import { HEALTH_OF } from '../tenant/state.ts';
import { mark, paintOf } from '../terminal/marks.ts';
import type { Style } from '../terminal/style.ts';
import { indented, table } from '../terminal/table.ts';
import { age } from '../terminal/time.ts';
import type { CauseReport, StatusReport } from './report.ts';

/** Warnings that are shown; the rest is counted. */
const WARNINGS = 8;

export function renderStatus(report: StatusReport, style: Style, now: number): string {
  const sections = [
    summary(report, style, now),
    causesText(report.causes, style, report.state === 'Ready' || report.state === 'Suspended'),
    section('Conditions', style, [
      ['', 'TYPE', 'REASON', 'FOR', 'MESSAGE'],
      ...report.conditions.map(({ type, status, reason, message, lastTransitionTime }) => [
        mark(style, healthOfCondition(type, status)),
        type,
        reason,
        age(lastTransitionTime, now),
        message,
      ]),
    ]),
    section('Services', style, [
      ['', 'SERVICE', 'NAMESPACE', 'PODS', 'HOSTS', 'MESSAGE'],
      ...report.services.map(
        ({ name, namespace = '', health, domains, image, ready, replicas, message = '' }) => [
          mark(style, health),
          name,
          namespace,
          `${ready}/${replicas}`,
          image ?? domains.join(','),
          health === 'ready' ? '' : message,
        ],
      ),
    ]),
    section('Pods', style, [
      ['', 'POD', 'SERVICE', 'AGE', 'FACTS', 'MESSAGE'],
      ...report.pods.map(({ name, service, health, created, facts, message = '' }) => [
        mark(style, health),
        name,
        service,
        age(created, now),
        facts.join(', '),
        message,
      ]),
    ]),
    section('Endpoints', style, Object.entries(report.endpoints), false),
    dataPlaneText(report.dataPlane, style),
    catalogText(report, style),
    canaryText(report, style),
    warningsText(report, style, now),
    report.gaps.length === 0
      ? ''
      : `${style.bold('Not shown')}\n${report.gaps.map((gap) => `  ${style.yellow('?')} ${gap}`).join('\n')}`,
  ];
  return sections.filter((text) => text !== '').join('\n\n');
}

function summary(report: StatusReport, style: Style, now: number): string {
  const { name, displayName, state, paused, since, plan, placement, namespace, created } = report;
  const health = HEALTH_OF[state];
  const what = paintOf(style, health)(state);
  const behind =
    report.observedGeneration < report.generation
      ? `, at generation ${report.observedGeneration} of ${report.generation}`
      : '';
  return [
    `${mark(style, health)} ${style.bold(name)} ${what}${paused ? style.yellow(', paused: the operator leaves it alone') : ''}${behind}`,
    table([
      ['  Shop', displayName],
      ['  Plan', `${plan}, ${placement} in ${namespace}`],
      ['  Hosts', report.hosts.join(', ')],
      ['  Age', `${age(created, now)}${since === undefined ? '' : `, ${state} for ${age(since, now)}`}`],
      ...(report.message === '' ? [] : [['  Message', report.message]]),
    ]),
  ].join('\n');
}

/**
 * The root cause and how it reaches the tenant; other causes below, a line each.
 * @param isWell the tenant's own conditions complain of nothing
 */
export function causesText(causes: readonly CauseReport[], style: Style, isWell: boolean): string {
  const [first, ...others] = causes;
  if (first === undefined) return '';
  const paint = paintOf(style, first.health);
  return [
    `${style.bold(isWell ? 'Trouble, although the operator reports none' : 'Root cause')}  ${paint(first.object)}${first.reason === undefined ? '' : ` ${paint(first.reason)}`}`,
    `  ${indented(first.message, 2)}`,
    ...(first.path.length > 2 ? [style.dim(`  ${first.path.join(' → ')}`)] : []),
    ...others.map(
      ({ object, reason, message, health }) =>
        `  ${mark(style, health)} ${object}${reason === undefined ? '' : ` ${reason}`}: ${indented(message, 4)}`,
    ),
  ].join('\n');
}

function section(title: string, style: Style, rows: readonly (readonly string[])[], hasHead = true): string {
  if (rows.length <= (hasHead ? 1 : 0)) return '';
  const [head = [], ...body] = rows;
  const text = table(hasHead ? [head.map(style.dim), ...body] : rows);
  return `${style.bold(title)}\n${text.replaceAll(/^/gm, '  ')}`;
}

function dataPlaneText(view: DataPlaneView | undefined, style: Style): string {
  if (view === undefined) return '';
  const line = (health: Health, what: string, said: string) => [mark(style, health), what, said];
  if (view.state === 'unknown')
    return section('Data plane', style, [line('unknown', 'database', view.message)], false);
  if (view.state === 'down')
    return section('Data plane', style, [line('failing', view.database, view.message)], false);
  const { schema, role, listed, pending, topics } = view;
  return section(
    'Data plane',
    style,
    [
      line(
        'ready',
        'database',
        `${view.database}, answers in ${view.milliseconds} ms${view.citus ? ', Citus' : ''}`,
      ),
      line(schema.exists ? 'ready' : 'failing', 'schema', `${schema.name}, ${schema.tables} tables`),
      line(role.login ? 'ready' : 'failing', 'role', `${role.name}${role.login ? '' : ': has no login'}`),
      line(listed ? 'ready' : 'failing', 'directory', listed ? 'listed' : 'not listed: no runtime serves it'),
      line('ready', 'topics', topics.join(', ')),
      ...pending.map((action) => line('waiting', 'pending', action)),
    ],
    false,
  );
}

function catalogText({ catalog }: StatusReport, style: Style): string {
  if (catalog === undefined) return '';
  return section(
    'Catalogue',
    style,
    Object.entries(catalog).map(([name, value]) => [name, String(value)]),
    false,
  );
}

function canaryText({ services }: StatusReport, style: Style): string {
  const rows = services.flatMap(({ name, canary }) => {
    if (canary === undefined) return [];
    const { phase, weight, step, steps, message } = canary as Readonly<Record<string, unknown>>;
    return [
      [
        name,
        String(phase),
        `${String(weight)} %`,
        step === undefined ? '' : `${String(step)}/${String(steps)}`,
        String(message ?? ''),
      ],
    ];
  });
  return section('Canary', style, [['SERVICE', 'PHASE', 'WEIGHT', 'STEP', 'MESSAGE'], ...rows]);
}

function warningsText({ warnings, name }: StatusReport, style: Style, now: number): string {
  const shown = section('Warnings', style, [
    ['LAST', 'TIMES', 'OBJECT', 'REASON', 'MESSAGE'],
    ...warnings
      .slice(0, WARNINGS)
      .map(({ last, count, object, reason, message }) => [
        age(last, now),
        String(count),
        object,
        reason,
        indentedMessage(message),
      ]),
  ]);
  const left = warnings.length - WARNINGS;
  return left > 0 ? `${shown}\n  ${left} older ones: kubectl shopmind events ${name}` : shown;
}

/** A message of several lines stays whole, on one line. */
function indentedMessage(message: string): string {
  return message.trim().replaceAll(/\s*\n\s*/g, ' ⏎ ');
}

function healthOfCondition(type: string, status: string): Health {
  if (status === 'Unknown') return 'unknown';
  // Of these two the good news is False.
  if (type === 'Reconciling') return status === 'True' ? 'waiting' : 'ready';
  if (type === 'Stalled') return status === 'True' ? 'failing' : 'ready';
  return status === 'True' ? 'ready' : 'failing';
}
