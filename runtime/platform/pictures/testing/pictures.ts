/** Pictures for tests, made when they are needed: photographs, what bombs look like, and pictures that are something else besides. */
import sharp from 'sharp';

/** Something with shades and edges, so that it neither packs to nothing nor is noise. */
export async function photograph(
  width: number,
  height: number,
  format: 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' = 'jpeg',
): Promise<Buffer> {
  const raw = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 3) {
      raw[at] = (x * 255) / width + 20 * Math.sin(y / 17);
      raw[at + 1] = (y * 255) / height + 30 * Math.sin(x / 23);
      raw[at + 2] = ((x ^ y) & 63) + 60;
    }
  const picture = sharp(raw, { raw: { width, height, channels: 3 } });
  return format === 'avif' ? picture.avif({ effort: 0 }).toBuffer() : picture.toFormat(format).toBuffer();
}

/** One that lies on its side and says where it was taken. */
export async function photographOfTelephone(width: number, height: number): Promise<Buffer> {
  return sharp(await photograph(width, height))
    .withExif({
      IFD0: { Make: 'Telephone', Orientation: '6' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '59/1 54/1 0/1' },
    })
    .withMetadata({ orientation: 6 })
    .toBuffer();
}

/** Each frame of one colour. */
export async function moving(width: number, height: number, pages: number): Promise<Buffer> {
  const frame = width * height * 3;
  const raw = Buffer.alloc(frame * pages, 0);
  for (let page = 0; page < pages; page++) raw.fill((page * 40) % 256, page * frame, (page + 1) * frame);
  return sharp(raw, { raw: { width, height: height * pages, channels: 3, pageHeight: height } })
    .gif({ delay: Array.from({ length: pages }, () => 100), loop: 0 })
    .toBuffer();
}

/** A few kilobytes that become as many pixels as are asked for. */
export async function bomb(width: number, height: number): Promise<Buffer> {
  return sharp({
    create: { width, height, channels: 3, background: '#000' },
    limitInputPixels: false,
  })
    .png({ compressionLevel: 9 })
    .toBuffer();
}
