import { mount } from 'svelte';
import App from './App.svelte';
import './styles.css';
import { startTheme } from './shell/theme.svelte';

startTheme();
mount(App, { target: document.getElementById('app')! });
