import { render } from 'preact';
import { App } from './app.tsx';
import './style.css';

const root = document.createElement('div');
root.id = 'app';
document.body.append(root);
render(<App />, root);
