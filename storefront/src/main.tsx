import { render } from 'preact';

const place = document.getElementById('shop');
if (place === null) throw new Error('index.html has no place for the shop');
render(<h1>Cartwright &amp; Co.</h1>, place);
