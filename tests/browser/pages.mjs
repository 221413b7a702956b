// SPDX-License-Identifier: Apache-2.0
// Goes through all pages as an administrator and as a new person, in Debian's
// Chromium, and tells on standard output, one JSON object a line, what it saw:
//
//   {"page": …, "as": …, "violations": […], "overflow": …, "shot": …}
//
// usage: pages.mjs URL USER PASSWORD FOLDER LOOK   (screenshots go to FOLDER)
//
// LOOK is one of those below, or "zoo": names that would run if they were markup.

import { createRequire } from 'node:module';
import fs from 'node:fs';

const require = createRequire(process.env.NODE_HOME + '/');
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const [url, user, password, folder, wanted] = process.argv.slice(2);
const PATIENCE = 180000;        // ms; four workers share two cores, and we may be instrumented

const LOOKS = [
	{ as: 'wide-es', viewport: { width: 1200, height: 800 }, locale: 'es-ES', javaScriptEnabled: true },
	{ as: 'narrow-es', viewport: { width: 320, height: 640 }, locale: 'es-ES', javaScriptEnabled: true },
	{ as: 'dark-en', viewport: { width: 768, height: 1000 }, locale: 'en-GB', colorScheme: 'dark', javaScriptEnabled: true },
	{ as: 'noscript-en', viewport: { width: 1000, height: 760 }, locale: 'en-GB', javaScriptEnabled: false },
];
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const say = (o) => process.stdout.write(JSON.stringify(o) + '\n');

function rule(v) {
	return { id: v.id, nodes: v.nodes.map((n) => n.html.slice(0, 200)) };
}

// A screenshot, what axe complains of, and whether anything is too wide.
async function look(page, look, name) {
	const shot = `${folder}/${look.as}-${name}.png`;
	await page.screenshot({ path: shot, fullPage: true });
	const seen = { page: name, as: look.as, shot, violations: [], overflow: 0 };
	if (look.javaScriptEnabled) {
		await page.evaluate(axe);
		const found = await page.evaluate((tags) => window.axe.run({ runOnly: tags }), TAGS);
		seen.violations = found.violations.map(rule);
		const width = await page.evaluate(() => document.documentElement.scrollWidth);
		seen.overflow = Math.max(0, width - look.viewport.width);
		seen.wrong = await page.$$eval('[aria-invalid=true]', (fields) => fields.map((f) => ({
			field: getComputedStyle(f).borderTopColor,
			words: getComputedStyle(f.closest('.field').querySelector('.fault')).color,
		})));
	}
	say(seen);
}

// A form on its way, and the page that comes back.
async function send(page, button) {
	const arrives = page.waitForEvent('load');
	await page.click(button);
	await arrives;
}

// Keys go where the focus is, and autofocus comes with the first frame drawn,
// which on a busy machine is after the load event.
async function typeInto(page, field, text) {
	await page.locator(`${field}:focus`).waitFor();
	await page.keyboard.type(text);
}

// By keyboard alone: type, Tab, type, Enter.
async function signIn(page) {
	await page.goto(url + '/signin');
	await typeInto(page, '#name', user);
	await page.keyboard.press('Tab');
	await typeInto(page, '#password', password);
	const arrives = page.waitForEvent('load');
	await page.keyboard.press('Enter');
	await arrives;
	if (!page.url().endsWith('/people'))
		throw new Error('not signed in: ' + await page.textContent('main'));
}

async function asAdministrator(page, l, names) {
	await page.goto(url + '/signin');
	await look(page, l, 'signin');
	await page.fill('#name', user);
	await page.fill('#password', 'not this');
	await send(page, 'main button');
	await look(page, l, 'signin-wrong');
	await signIn(page);
	await look(page, l, 'people');
	await page.goto(url + '/people?q=garc%C3%ADa');
	await look(page, l, 'people-search');
	await page.goto(url + '/create/person');
	await page.fill('#uid', 'a');
	await look(page, l, 'person-new');
	await page.fill('#givenName', 'Inés');
	await page.fill('#sn', 'Peña Núñez');
	await page.fill('#mail', names.uid + '@example.org');
	await page.fill('#uid', names.uid);
	await send(page, 'main button.main');
	await look(page, l, 'link');
	const link = await page.textContent('.link');
	await page.goto(`${url}/people/${names.uid}`);
	await look(page, l, 'person');
	await page.goto(`${url}/people/${names.uid}/delete`);
	await look(page, l, 'person-delete');
	await page.goto(url + '/orphans');
	await look(page, l, 'orphans');
	await page.goto(`${url}/orphans/${process.env.ORPHAN}/delete`);
	await look(page, l, 'orphan-delete');
	await page.goto(url + '/create/room');
	await page.fill('#name', names.room);
	await page.fill('#title', 'Café de Filología');
	await page.fill('#description', 'Para hablar de libros, de viajes y de lo que haga falta. Los jueves a las cinco.');
	await page.check('#membersOnly');
	await page.selectOption('#list', { index: 2 });
	await look(page, l, 'room-new');
	await send(page, 'main button.main');
	await look(page, l, 'room');
	for (const name of ['rooms', 'online', 'me', 'nowhere']) {
		await page.goto(`${url}/${name}`);
		await look(page, l, name);
	}
	return link;
}

async function asNewPerson(page, l, link, uid) {
	const secret = 'una clave larga ñ';
	await page.goto(link);
	await look(page, l, 'activate');
	await page.fill('#password', secret);
	await page.fill('#again', secret + '?');
	await send(page, 'main button');
	await look(page, l, 'activate-differ');
	await page.fill('#password', secret);
	await page.fill('#again', secret);
	await send(page, 'main button');
	await look(page, l, 'activated');
	await page.goto(link);
	await look(page, l, 'activate-dead');
	await page.goto(url + '/password');
	await look(page, l, 'password');
	await page.fill('#name', uid);
	await page.fill('#old', secret);
	await page.fill('#password', 'otra clave');
	await page.fill('#again', 'otra clave?');
	await send(page, 'main button');
	await look(page, l, 'password-differ');
	await page.fill('#old', secret);
	await page.fill('#password', 'otra clave');
	await page.fill('#again', 'otra clave');
	await send(page, 'main button');
	await look(page, l, 'password-changed');
}

// Names from the directory that would run if they were markup (WEB-05).
async function zoo(browser) {
	const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-GB' });
	context.setDefaultTimeout(PATIENCE);
	const page = await context.newPage();
	let ran = 0;
	page.on('dialog', (dialog) => { ran++; dialog.dismiss(); });
	await signIn(page);
	for (const uid of (process.env.ZOO || '').split(' ').filter(Boolean)) {
		await page.goto(`${url}/people?q=${uid}`);
		const row = await page.textContent('tbody th');
		await page.goto(`${url}/people/${uid}`);
		say({ zoo: uid, row, name: await page.textContent('h1'), ran, scripts: await page.locator('script').count() });
	}
	await context.close();
}

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'], timeout: PATIENCE });
try {
	for (const l of LOOKS.filter((one) => one.as === wanted)) {
		const options = { ...l, ignoreHTTPSErrors: true };
		delete options.as;
		const stamp = `${process.pid}`;
		const names = { uid: `nueva${stamp}`, room: `cafe${stamp}` };
		const mine = await browser.newContext(options);
		const theirs = await browser.newContext(options);
		for (const context of [mine, theirs])
			context.setDefaultTimeout(PATIENCE);
		const page = await mine.newPage(), other = await theirs.newPage();
		for (const p of [page, other]) {
			p.on('pageerror', (e) => say({ error: String(e), as: l.as }));
			p.on('console', (m) => {
				if (!m.text().startsWith('Failed to load resource: the server responded with a status of 4'))
					say({ error: m.text(), as: l.as });
			});
			p.on('request', (r) => {
				if (!r.url().startsWith(url + '/'))
					say({ error: 'asked elsewhere: ' + r.url(), as: l.as });
			});
		}
		const link = await asAdministrator(page, l, names);
		await asNewPerson(other, l, link, names.uid);
		await mine.close();
		await theirs.close();
	}
	if (wanted === 'zoo')
		await zoo(browser);
	say({ done: true });
} finally {
	await browser.close();
}
