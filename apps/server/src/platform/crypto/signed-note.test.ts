import { describe, expect, it } from 'vitest';
import {
  createNoteSigner,
  generateNoteKey,
  openNote,
  readPublicPem,
  readVerifierKey,
  verifierKey,
} from './signed-note.ts';

/** The example of the C2SP signed-note specification. */
const NAME = 'example.com/foo';
const VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;

describe('a signed note', () => {
  it('of the specification opens with its key, and with no other', () => {
    const key = readVerifierKey(VKEY) ?? Buffer.alloc(0);
    expect(openNote(NOTE, NAME, [key])).toBe('This is an example message.\n');
    expect(verifierKey(NAME, key)).toBe(VKEY);
    expect(openNote(NOTE, NAME, [generateNoteKey().publicKey])).toBeUndefined();
    expect(openNote(NOTE, 'example.com/bar', [key])).toBeUndefined();
  });

  it('that is signed here opens, beside the signature of somebody else', () => {
    const { privatePem, publicKey } = generateNoteKey();
    const signer = createNoteSigner(privatePem);
    expect(signer.publicKey).toEqual(publicKey);
    const note = signer.sign(NAME, 'one\ntwo\n');
    const witnessed = `${note}— witness.example.com AAAAAAAA\n`;
    expect(openNote(witnessed, NAME, [publicKey])).toBe('one\ntwo\n');
  });

  it.each([
    ['another text', (note: string) => note.replace('example message', 'exemple message')],
    ['another signer', (note: string) => note.replace('— example.com/foo', '— example.com/fob')],
    ['a hyphen for the dash', (note: string) => note.replace('— ', '- ')],
    ['no last line feed', (note: string) => note.trimEnd()],
    ['no signature', (note: string) => note.slice(0, note.indexOf('—'))],
    ['base64 of another spelling', (note: string) => note.replace('aQM=', 'aQN=')],
    [
      'a false signature before',
      (note: string) => note.replace('— ', `— example.com/foo ${'Uw2QOkn8'.padEnd(92, 'A')}\n— `),
    ],
    ['an empty text', () => ''],
  ])('with %s does not open', (_what, change) => {
    expect(openNote(change(NOTE), NAME, [readVerifierKey(VKEY) as Buffer])).toBeUndefined();
  });

  it('has no text that could be taken for another one', () => {
    const signer = createNoteSigner(generateNoteKey().privatePem);
    for (const text of ['no end', 'two\n\nparts\n']) expect(() => signer.sign(NAME, text)).toThrow(TypeError);
  });

  it('takes keys in the forms that they come in, and nothing that only looks like one', () => {
    expect(readVerifierKey(VKEY.replace('530d903a', '530d903b'))).toBeUndefined();
    expect(readVerifierKey('')).toBeUndefined();
    const { privatePem, publicKey } = generateNoteKey();
    // A private key tells its public half; nobody has to hand one over, but it is the same key.
    expect(readPublicPem(privatePem)).toEqual(publicKey);
    expect(readPublicPem('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----')).toBeUndefined();
  });
});
