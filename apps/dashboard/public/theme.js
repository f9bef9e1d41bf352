// Before anything is drawn, so that no page flashes up in other colours. src/app/theme.ts does the same later on.
const chosen = localStorage.getItem('hexclave-theme');
const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
document.documentElement.dataset.theme = chosen === 'light' || chosen === 'dark' ? chosen : system;
