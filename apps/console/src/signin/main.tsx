/** @jsxImportSource preact */
import { render } from 'preact';
import { keptInvitation, takeToken } from './address.ts';
import { App } from './App.tsx';
import { language } from './text.ts';

// First of all, before anything can fail or look at the address.
const token = takeToken() ?? keptInvitation();

// The scheme that was chosen in the console holds here, too.
const chosen = localStorage.getItem('gatehouse-color-scheme');
if (chosen === 'light' || chosen === 'dark')
  document.documentElement.setAttribute('data-mantine-color-scheme', chosen);
document.documentElement.lang = language();

const root = document.getElementById('root');
if (root) render(<App token={token} />, root);
