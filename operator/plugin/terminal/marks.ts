/**
 * One sign and one colour for each state, so that a glance is enough and colour is never the only bearer of a meaning.
 */
import type { Health } from '../health/node.ts';
import type { Paint, Style } from './style.ts';

const SIGNS: Readonly<Record<Health, string>> = {
  ready: '✓',
  waiting: '◌',
  failing: '✗',
  off: '○',
  unknown: '?',
};

export function mark(style: Style, health: Health): string {
  return paintOf(style, health)(SIGNS[health]);
}

export function paintOf(style: Style, health: Health): Paint {
  switch (health) {
    case 'ready':
      return style.green;
    case 'failing':
      return style.red;
    case 'waiting':
      return style.yellow;
    case 'off':
    case 'unknown':
      return style.dim;
  }
}
