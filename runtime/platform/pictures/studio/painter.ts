/**
 * The process that decodes pictures and paints renditions: one job at a time, with nothing to steal and nothing to write to. Decoders
 * have been fooled by bytes before: whoever fools these has a process without secrets, files or network rights of a shop, and it may
 * be killed at any moment.
 */
import type sharpModule from 'sharp';
import type { Metadata, Sharp } from 'sharp';
import type { Format, Rendition } from '../form.ts';
import {
  MOST_PAGES,
  MOST_PIXELS,
  MOST_PIXELS_AT_ONCE,
  MOST_PIXELS_OF_AVIF,
  type Answer,
  type Inspected,
  type Job,
} from './messages.ts';

type SharpModule = typeof sharpModule;

const [, , moduleName = 'sharp'] = process.argv;
const decoders = load(moduleName);

process.on('message', (job: Job) => {
  void answer(job).then((said) => process.send?.(said));
});
// Its runtime is gone, however it went.
process.on('disconnect', () => process.exit(0));

async function answer(job: Job): Promise<Answer> {
  const sharp = await decoders;
  if (typeof sharp === 'string') return { kind: 'missing', what: sharp };
  try {
    return job.kind === 'inspect'
      ? await inspect(sharp, job.bytes)
      : await paint(sharp, job.bytes, job.rendition);
  } catch (error) {
    const what = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const reason = what.includes('pixel limit') ? 'too_many_pixels' : 'broken';
    return { kind: 'refused', reason, what };
  }
}

/** Only what shops show may be decoded: no SVG, PDF or RAW, whatever this build of the library knows. */
async function load(name: string): Promise<SharpModule | string> {
  try {
    const { default: sharp } = (await import(name)) as { default: SharpModule }; // the package's own type, by another name in tests
    sharp.cache(false);
    sharp.concurrency(1);
    sharp.block({ operation: ['VipsForeignLoad'] });
    sharp.unblock({
      operation: ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'].map((format) => `VipsForeignLoad${format}Buffer`),
    });
    return sharp;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function inspect(sharp: SharpModule, bytes: Uint8Array): Promise<Answer> {
  const head = await open(sharp, bytes, false).metadata();
  const { autoOrient, pages = 1 } = head;
  const inspected: Inspected = { width: autoOrient.width, height: autoOrient.height, pages };
  if (pages > MOST_PAGES)
    return { kind: 'refused', reason: 'too_many_pages', what: `it has ${pages} frames` };
  if (tooLarge(head, pages)) return refusedFor(head, pages);
  // Through to the last row: a head that can be read says nothing of the rest.
  await open(sharp, bytes, pages > 1)
    .resize(64, 64, { fit: 'inside' })
    .raw()
    .toBuffer();
  return { kind: 'inspected', inspected };
}

async function paint(sharp: SharpModule, bytes: Uint8Array, rendition: Rendition): Promise<Answer> {
  const { width, height, focus } = rendition;
  const head = await open(sharp, bytes, false).metadata();
  const { autoOrient: size, pages = 1 } = head;
  if (tooLarge(head, 1)) return refusedFor(head, 1);
  const animated = rendition.animated && pages <= MOST_PAGES && !tooLarge(head, pages);
  if (focus === undefined)
    return encoded(
      open(sharp, bytes, animated).resize(width, height, { fit: 'inside', withoutEnlargement: true }),
      rendition,
    );
  // Scaled first and cut then: decoders skip what a smaller picture does not need.
  const scale = Math.max(width / size.width, height / size.height);
  const [wide, high] = [
    Math.max(width, Math.round(size.width * scale)),
    Math.max(height, Math.round(size.height * scale)),
  ];
  const scaled = open(sharp, bytes, animated).resize(wide, high, { fit: 'fill' });
  return encoded(
    scaled.extract({
      left: Math.round((wide - width) * share(focus.x, width / wide)),
      top: Math.round((high - height) * share(focus.y, height / high)),
      width,
      height,
    }),
    rendition,
  );
}

/** Whether decoding so many of its frames takes more memory than a picture is worth. */
function tooLarge({ autoOrient, format, isProgressive }: Metadata, frames: number): boolean {
  const most =
    format === 'heif' ? MOST_PIXELS_OF_AVIF : isProgressive || frames > 1 ? MOST_PIXELS_AT_ONCE : MOST_PIXELS;
  return autoOrient.width * autoOrient.height * frames > most;
}

function refusedFor({ autoOrient }: Metadata, frames: number): Answer {
  const pixels = autoOrient.width * autoOrient.height * frames;
  return { kind: 'refused', reason: 'too_many_pixels', what: `it has ${pixels} pixels` };
}

/** Where the cut begins, of the room there is, so that the focus is as near to its middle as the edges allow. */
function share(percent: number, kept: number): number {
  return kept >= 1 ? 0 : Math.min(1, Math.max(0, (percent / 100 - kept / 2) / (1 - kept)));
}

function open(sharp: SharpModule, bytes: Uint8Array, animated: boolean): Sharp {
  // What is broken or cut short is refused and not guessed at.
  return sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: 'error', animated }).autoOrient();
}

/** What a picture says of its camera, place and owner is left out, which is the library's default; colours become sRGB. */
async function encoded(picture: Sharp, { format, quality }: Rendition): Promise<Answer> {
  return { kind: 'painted', bytes: await bytesOf(picture, format, quality) };
}

function bytesOf(picture: Sharp, format: Format, quality: number): Promise<Uint8Array> {
  switch (format) {
    case 'webp':
      return picture.webp({ quality, effort: 3 }).toBuffer();
    case 'avif':
      // Its scale is another one: 55 looks as JPEG's 80.
      return picture.avif({ quality: Math.round(quality * 0.7), effort: 2 }).toBuffer();
    case 'jpeg':
      return picture.flatten({ background: '#ffffff' }).jpeg({ quality, progressive: true }).toBuffer();
    case 'png':
      return picture.png({ compressionLevel: 8 }).toBuffer();
  }
}
