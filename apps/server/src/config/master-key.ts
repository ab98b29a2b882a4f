/** 32 bytes from base64, base64url or hex; undefined when it is none of them, or all one byte. */
export function decodeMasterKey(text: string): Buffer | undefined {
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  return bytes.length === 32 && new Set(bytes).size > 8 ? bytes : undefined;
}
