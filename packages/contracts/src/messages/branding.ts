import { Type, type Static } from 'typebox';
import { Logo, Version } from './settings.ts';
import { Message, Name, Nullable } from './shapes.ts';

export const ChangeLogo = Message(
  {
    version: Version,
    image: Type.String({
      minLength: 4,
      maxLength: 349_528,
      pattern: '^[A-Za-z0-9+/]+={0,2}$',
      description:
        'A PNG in base64: 256 KiB and 1024 by 1024 pixels at most. Its pixels are kept, and nothing else of it.',
      examples: [
        'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAYAAABytg0kAAAADklEQVR4nGNogAIGGAMASBIIAU/3aFQAAAAASUVORK5CYII=',
      ],
    }),
  },
  { $id: 'ChangeLogo' },
);
export type ChangeLogo = Static<typeof ChangeLogo>;

/** What pages before sign-in show of a tenant; null where it has set none of it. */
export const Branding = Message(
  {
    name: Name,
    logo: Nullable(Logo),
    primaryColor: Nullable(Type.String({ examples: ['#1b6b5f'] })),
    companyUrl: Nullable(Type.String({ examples: ['https://www.example.com/'] })),
  },
  { $id: 'Branding' },
);
export type Branding = Static<typeof Branding>;
