/** Twice as large as it is ever shown, for sharp screens. */
const WIDTH = 640;
const HEIGHT = 240;
const MAX_BYTES = 262_144;

/**
 * A picture that the browser can show, as a PNG in base64 of the size in which a logo is needed. The server takes nothing else:
 * what is a drawing with scripts here is pixels there.
 *
 * @throws when the browser cannot show it.
 */
export async function asPng(file: Blob): Promise<string> {
  const image = new Image();
  image.src = await asDataUrl(file);
  await image.decode();
  // A drawing may have no size of its own.
  const [width, height] = [image.naturalWidth || WIDTH, image.naturalHeight || HEIGHT];
  for (let scale = Math.min(1, WIDTH / width, HEIGHT / height); ; scale /= 2) {
    const png = await draw(
      image,
      Math.max(1, Math.round(width * scale)),
      Math.max(1, Math.round(height * scale)),
    );
    if (png.size <= MAX_BYTES) return (await asDataUrl(png)).replace(/^[^,]*,/, '');
  }
}

async function draw(image: HTMLImageElement, width: number, height: number): Promise<Blob> {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  canvas.getContext('2d')?.drawImage(image, 0, 0, width, height);
  const png = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!png) throw new Error('the browser makes no PNG of this');
  return png;
}

const asDataUrl = (blob: Blob): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(reader.result as string));
    reader.addEventListener('error', () => reject(reader.error ?? new Error('unreadable')));
    reader.readAsDataURL(blob);
  });
