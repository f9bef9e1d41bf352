// Before anything is drawn, so that a chosen theme never flashes up as the other one.
const theme = localStorage.getItem('hexclave-theme');
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
