import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { PictureQuery, renditionOf, type Rendition } from '../form.ts';
import { alsoIs, pictureOf } from '../sniff.ts';
import { bomb, moving, photograph, photographOfTelephone } from '../testing/pictures.ts';
import { createPainters, PictureRefused, type PaintersOptions } from './painters.ts';

const opened: { close(): void }[] = [];
after(() => opened.forEach((painters) => painters.close()));

function open(options: PaintersOptions = {}) {
  const painters = createPainters(options);
  opened.push(painters);
  return painters;
}

/** Machines of tests are slow. */
const patient = open({ jobMilliseconds: 60_000 });

async function paint(bytes: Buffer, query: object, accept = 'image/webp') {
  const { contentType = '' } = pictureOf(bytes) ?? {};
  const { pages, ...size } = await patient.inspect('acme', bytes);
  const original = { ...size, mayMove: pages > 1, contentType };
  const rendition = renditionOf(original, PictureQuery.parse(query), accept);
  const painted = await patient.paint('acme', () => Promise.resolve(bytes), rendition);
  return { rendition, painted, seen: await sharp(painted, { animated: true }).metadata() };
}

test('every format is read and painted, in the size that was promised', async () => {
  for (const from of ['jpeg', 'png', 'webp', 'gif', 'avif'] as const) {
    const bytes = await photograph(300, 200, from);
    assert.deepEqual(
      [pictureOf(bytes)?.contentType, pictureOf(bytes)?.width, pictureOf(bytes)?.height],
      [`image/${from}`, 300, 200],
    );
    const { seen, rendition } = await paint(bytes, { w: 128 });
    assert.deepEqual([seen.format, seen.width, seen.height], ['webp', 128, 85]);
    assert.deepEqual([rendition.width, rendition.height], [128, 85]);
  }
  const bytes = await photograph(300, 200);
  for (const format of ['webp', 'avif', 'jpeg', 'png'] as const) {
    const { seen, painted } = await paint(bytes, { w: 96, format });
    assert.equal(pictureOf(painted)?.contentType, `image/${format}`);
    assert.deepEqual([seen.width, seen.height], [96, 64]);
  }
});

test('a picture is turned as its camera says, and tells nobody where it was taken', async () => {
  const bytes = await photographOfTelephone(400, 300);
  assert.ok((await sharp(bytes).metadata()).exif?.includes('Telephone'));
  assert.deepEqual(pictureOf(bytes), { contentType: 'image/jpeg', width: 300, height: 400 });
  for (const format of ['webp', 'avif', 'jpeg', 'png']) {
    const { seen } = await paint(bytes, { w: 192, format });
    assert.deepEqual([seen.width, seen.height], [192, 256], format);
    assert.deepEqual(
      [seen.exif, seen.xmp, seen.icc, seen.orientation],
      [undefined, undefined, undefined, undefined],
    );
  }
});

test('what is cut keeps its focus', async () => {
  // Left half red, right half blue.
  const halves = await sharp({ create: { width: 400, height: 200, channels: 3, background: '#00f' } })
    .composite([
      { input: { create: { width: 200, height: 200, channels: 3, background: '#f00' } }, left: 0, top: 0 },
    ])
    .png()
    .toBuffer();
  const middleOf = async (focus?: string) => {
    const { painted, seen } = await paint(halves, { w: 96, h: 96, fit: 'cover', focus });
    assert.deepEqual([seen.width, seen.height], [96, 96]);
    const { channels } = await sharp(painted).stats();
    return channels.slice(0, 3).map(({ mean }) => Math.round(mean / 255));
  };
  assert.deepEqual(await middleOf('0,50'), [1, 0, 0]);
  assert.deepEqual(await middleOf('100,50'), [0, 0, 1]);
});

test('one that moves goes on moving as WebP, whole or cut, and stands still elsewhere', async () => {
  const bytes = await moving(120, 80, 5);
  assert.equal((await patient.inspect('acme', bytes)).pages, 5);
  for (const query of [{ w: 96 }, { w: 64, h: 64, fit: 'cover' }]) {
    const { seen } = await paint(bytes, query);
    assert.deepEqual([seen.pages, seen.width, seen.pageHeight], [5, query.w, 64]);
  }
  assert.equal((await paint(bytes, { w: 96, format: 'png' })).seen.pages ?? 1, 1);
});

test('bombs are refused in little memory; what is broken or no picture is refused too', async () => {
  const { painters, child } = await openOne(await photograph(64, 64));
  const before = peakOf(child);
  const large = await bomb(9_000, 9_000);
  assert.ok(large.length < 4_000_000, `${large.length} bytes`);
  await assert.rejects(painters.inspect('acme', large), { reason: 'too_many_pixels' });
  await assert.rejects(
    painters.paint('acme', () => Promise.resolve(large), SMALL),
    { reason: 'too_many_pixels' },
    'painting looks again',
  );
  assert.ok(peakOf(child) - before < 60_000_000, `${peakOf(child) - before} bytes more`);
  await assert.rejects(painters.inspect('acme', await moving(16, 16, 301)), { reason: 'too_many_pages' });
  const plain = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#789' } });
  for (const held of [
    await plain(3_000, 3_000).avif({ effort: 0 }).toBuffer(),
    await plain(5_100, 5_000).jpeg({ progressive: true }).toBuffer(),
  ])
    await assert.rejects(painters.inspect('acme', held), { reason: 'too_many_pixels' });
  const whole = await photograph(400, 300);
  await assert.rejects(painters.inspect('acme', whole.subarray(0, whole.length >> 1)), { reason: 'broken' });
  for (const other of ['<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5"/>', '%PDF-1.7', ''])
    await assert.rejects(painters.inspect('acme', Buffer.from(other)), PictureRefused);
  assert.ok(children().includes(child), 'it is the same process still');
});

test('what is full says so at once, and one tenant does not fill it for the others', async () => {
  const painters = open({ processes: 1, waiting: 4, jobMilliseconds: 60_000 });
  const bytes = await photograph(64, 64);
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const ask = (tenant: string) =>
    painters.paint(
      tenant,
      async () => {
        await gate;
        return bytes;
      },
      SMALL,
    );
  const running = ask('loud');
  const waiting = [ask('loud'), ask('loud')];
  await assert.rejects(ask('loud'), { code: 'unavailable', retryAfterSeconds: 2 });
  waiting.push(ask('quiet'), ask('quiet'));
  await assert.rejects(ask('third'), { code: 'unavailable', retryAfterSeconds: 2 });
  go();
  for (const painted of await Promise.all([running, ...waiting])) assert.ok(painted.length > 0);
});

test('tenants take turns: one with many jobs holds up another’s by one', async () => {
  const painters = open({ processes: 1, jobMilliseconds: 60_000 });
  const bytes = await photograph(64, 64);
  const turns: string[] = [];
  const ask = (tenant: string) =>
    painters.paint(
      tenant,
      () => {
        turns.push(tenant);
        return Promise.resolve(bytes);
      },
      SMALL,
    );
  await Promise.all([ask('loud'), ask('loud'), ask('loud'), ask('loud'), ask('quiet'), ask('third')]);
  assert.deepEqual(turns, ['loud', 'loud', 'quiet', 'third', 'loud', 'loud']);
});

test('one that takes too long is killed, and the next job has another process', async () => {
  const painters = open({ processes: 1, jobMilliseconds: 1 });
  const bytes = await photograph(2_000, 1_500, 'png');
  await assert.rejects(painters.inspect('acme', bytes), { code: 'timeout' });
  await assert.rejects(painters.inspect('acme', bytes), { code: 'timeout' });
});

test('a process that dies takes its own job with it and no other', async () => {
  const bytes = await photograph(64, 64);
  const { painters, child } = await openOne(bytes);
  const large = await photograph(3_000, 2_000, 'png');
  const lost = painters.inspect('acme', large);
  const next = painters.inspect('acme', bytes);
  process.kill(child, 'SIGKILL');
  await assert.rejects(lost, { code: 'unavailable' });
  assert.equal((await next).width, 64);
});

test('without a decoder every job says what is missing and what to do', async () => {
  const painters = open({ module: 'no-such-decoder', jobMilliseconds: 60_000 });
  await assert.rejects(painters.inspect('acme', Buffer.from('x')), (error: Error & { remedy?: string }) => {
    assert.match(error.message, /cannot paint pictures: .*no-such-decoder/);
    assert.match(error.remedy ?? '', /optional dependencies/);
    return true;
  });
});

test('a picture that is also something else is told from one that is not', async () => {
  const jpeg = await photograph(200, 100);
  assert.equal(alsoIs(jpeg), undefined);
  const zip = Buffer.concat([
    Buffer.from('PK\x03\x04'),
    Buffer.alloc(40),
    Buffer.from('PK\x05\x06'),
    Buffer.alloc(18),
  ]);
  assert.equal(alsoIs(Buffer.concat([jpeg, zip])), 'a ZIP archive');
  assert.equal(alsoIs(Buffer.concat([jpeg, Buffer.alloc(50_000, 7)])), undefined, 'cameras do that');
  const gif = Buffer.from('GIF89a/*<script>alert(1)</script>*/');
  assert.equal(alsoIs(gif), 'a web page');
  assert.equal(alsoIs(Buffer.concat([jpeg.subarray(0, 20), Buffer.from('%PDF-1.4')])), 'a PDF document');
  assert.equal(alsoIs(Buffer.concat([jpeg.subarray(0, 20), Buffer.from('<?php system(1)')])), 'a program');
});

const SMALL: Rendition = { width: 32, height: 32, format: 'webp', quality: 75, animated: false };

/** One that has painted already, and its process. @param bytes of any picture */
async function openOne(bytes: Buffer): Promise<{ painters: ReturnType<typeof open>; child: number }> {
  const before = children();
  const painters = open({ processes: 1, jobMilliseconds: 60_000 });
  await painters.inspect('acme', bytes);
  // By their numbers the youngest is not told: they begin again from the lowest.
  const [child, ...others] = children().filter((pid) => !before.includes(pid));
  assert.ok(child !== undefined && others.length === 0);
  return { painters, child };
}

/** Our processes that paint. */
function children(): readonly number[] {
  const all = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' });
  const ours = all.split('\n').filter((line) => line.includes('painter.ts'));
  return ours.map((line) => Number(line.trim().split(' ')[0]));
}

/** Most memory it has had, in bytes. */
function peakOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;
}
