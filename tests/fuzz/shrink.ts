/** The smallest request found that still shows a fault: parts are left out and values made plain, one by one, while the fault stays. */
import type { FuzzRequest } from './requests.ts';
import { isObject, placesIn, valueAt, withValue, without } from './values.ts';

/** Tries of one request. */
const MOST = 150;

/** @param shows whether a request still has the fault; asked one after the other, because the shop remembers */
export async function shrink(
  request: FuzzRequest,
  shows: (candidate: FuzzRequest) => Promise<boolean>,
): Promise<FuzzRequest> {
  let smallest = request;
  let tries = 0;
  for (let changed = true; changed && tries < MOST;) {
    changed = false;
    for (const candidate of smallerThan(smallest)) {
      tries += 1;
      if (tries > MOST) break;
      if (!(await shows(candidate))) continue;
      smallest = candidate;
      changed = true;
      break;
    }
  }
  return smallest;
}

/** Pure: what is one step smaller, the greatest steps first. */
export function* smallerThan(request: FuzzRequest): Generator<FuzzRequest> {
  const { mangle, query, json } = request;
  if (mangle !== undefined) {
    const { mangle: _, ...rest } = request;
    yield rest;
  }
  for (const name of Object.keys(query)) {
    const { [name]: _, ...rest } = query;
    yield { ...request, query: rest };
  }
  if (json === undefined) return;
  for (const place of placesIn(json)) {
    if (place.length > 0) yield { ...request, json: without(json, place) };
  }
  for (const place of placesIn(json)) {
    const value = valueAt(json, place);
    for (const plain of plainerThan(value)) yield { ...request, json: withValue(json, place, plain) };
  }
}

function plainerThan(value: unknown): unknown[] {
  if (typeof value === 'string' && value.length > 1)
    return [
      value.slice(0, Math.ceil(value.length / 2)),
      value.slice(Math.floor(value.length / 2)),
      value.slice(1),
    ];
  if (Array.isArray(value) && value.length > 1) return [value.slice(0, Math.ceil(value.length / 2))];
  if (isObject(value) && Object.keys(value).length > 20)
    return [Object.fromEntries(Object.entries(value).slice(0, Math.ceil(Object.keys(value).length / 2)))];
  return [];
}
