/* Small helpers over plain pages: everything here only makes quicker what works without it. No key decides or sends anything. */
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const announce = (text) => {
    byId("live").textContent = text.trim();
  };

  /* Copy buttons: shown only where the browser can copy. */
  const prepare = (root) => {
    if (!navigator.clipboard) return;
    for (const button of root.querySelectorAll("button[data-copy]")) button.hidden = false;
  };

  const copy = async (button) => {
    const source = button.dataset.copy;
    const found = source.startsWith("#") ? byId(source.slice(1)) : null;
    await navigator.clipboard.writeText(found ? (found.value ?? found.textContent) : source);
    announce(button.dataset.copied ?? "");
    button.classList.add("is-copied");
  };

  /* The error summary takes the focus, so that nobody misses it; its links go to the control, with the label in view. */
  const focusOn = (element, { preventScroll = false } = {}) => {
    if (!element) return;
    if (!element.hasAttribute("tabindex") && !element.matches("a, button, input, select, textarea")) element.tabIndex = -1;
    element.focus({ preventScroll });
  };

  const followError = (event, link) => {
    const target = byId(decodeURIComponent(link.hash.slice(1)));
    if (!target) return;
    event.preventDefault();
    const control = target.matches("fieldset") ? target.querySelector("input, select, textarea") : target;
    (target.closest(".field, .scores") ?? target).scrollIntoView();
    (control ?? target).focus({ preventScroll: true });
  };

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = target?.closest("button[data-copy]");
    const error = target?.closest(".error-summary a");
    const opens = target?.closest("[data-opens]");
    if (button) copy(button);
    if (error) followError(event, error);
    if (opens) byId(opens.dataset.opens)?.showModal();
  });

  /* A refusal that is not the form itself goes before the form: what was typed stays where it is. */
  const placeOf = (source) => (source?.matches("form, [data-autosave]") ? source : source?.closest("form") ?? source);
  const clearBefore = (place) => {
    if (place?.previousElementSibling?.matches(".error-box")) place.previousElementSibling.remove();
  };
  const showBefore = (ctx, box) => {
    const place = placeOf(ctx?.sourceElement);
    if (!place?.isConnected) return false;
    clearBefore(place);
    box.querySelector(".error-box__typed")?.remove();
    place.before(box);
    if (["submit", "click"].includes(ctx.sourceEvent?.type)) focusOn(box); /* an autosave takes nobody out of their sentence */
    return true;
  };

  /* What is typed elsewhere in a part that is replaced goes on in its successor; the form that was sent does not. */
  const isChanged = (control) =>
    control.matches("select")
      ? [...control.options].some((option) => option.selected !== option.defaultSelected)
      : control.value !== control.defaultValue || control.checked !== control.defaultChecked;
  const carryOver = (task, sent) => {
    for (const control of partOf(task)?.querySelectorAll("input[id], textarea[id], select[id]") ?? []) {
      const successor = task.fragment.querySelector(`#${CSS.escape(control.id)}`);
      if (!successor || sent?.contains(control) || !isChanged(control)) continue;
      if (control.matches("[type=radio], [type=checkbox]")) successor.checked = control.checked;
      else successor.value = control.value;
      for (let fold = successor.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    }
  };

  /* The next part that is shown beside one that is not: where the answer stands after its question has gone. */
  const nearestShown = (element) => {
    for (const way of ["previousElementSibling", "nextElementSibling"])
      for (let one = element[way]; one; one = one[way]) if (one.getClientRects().length) return one;
    return byId("main");
  };
  const isFocusLost = () => !document.activeElement || document.activeElement === document.body;
  const partOf = (task) => (typeof task.target === "string" ? document.querySelector(task.target) : task.target);
  /* Of two answers the one that was written first may arrive last: it would say again what has changed since. */
  const asOf = (element) => Number(element?.dataset.asOf);
  const isOvertaken = (task) => asOf(task.fragment.firstElementChild) < asOf(partOf(task));
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx, tasks } = event.detail;
    const main = tasks.find((task) => task.type === "main");
    const box = [...(main?.fragment.children ?? [])].find((element) => element.matches(".error-box"));
    if (box && ctx.response?.status >= 400 && showBefore(ctx, box)) {
      event.preventDefault();
      return;
    }
    for (const late of tasks.filter(isOvertaken)) tasks.splice(tasks.indexOf(late), 1);
    clearBefore(placeOf(ctx.sourceElement));
    for (const task of tasks) carryOver(task, ctx.sourceElement?.closest("form"));
    ctx.hadFocus = tasks.find((task) => !isFocusLost() && partOf(task)?.contains(document.activeElement));
  });

  document.addEventListener("htmx:after:settle", (event) => {
    const swapped = event.target instanceof Element ? event.target : document.body;
    prepare(swapped);
    const summary = swapped.matches(".error-summary") ? swapped : swapped.querySelector(".error-summary");
    const status = "[data-announce], .saved, [role=status]"; /* a status that arrives together with its region is not read by itself */
    const said = swapped.matches(status) ? swapped : swapped.querySelector(status);
    if (summary) focusOn(summary);
    if (said) announce(said.dataset.announce || said.textContent);
  });
  const LINE = 24; /* px: less of a part is not in view */
  const isInView = (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return bottom >= LINE && top <= window.innerHeight - LINE;
  };
  document.addEventListener("htmx:after:swap", (event) => { /* after all parts: the answer may replace several */
    const { hadFocus } = event.detail.ctx;
    if (!hadFocus || !isFocusLost()) return;
    const part = partOf(hadFocus);
    const shown = part.getClientRects().length ? part : nearestShown(part); /* one that is empty now is not shown */
    focusOn(shown, { preventScroll: isInView(shown) }); /* who reads here is not taken to its beginning */
  });

  document.addEventListener("htmx:error", (event) => {
    const template = byId("no-answer");
    if (template) showBefore(event.detail.ctx, template.content.firstElementChild.cloneNode(true));
  });

  /* Keys. Off in fields, with modifiers, in dialogs, and when switched off. */
  const stored = (value) => {
    try {
      if (value !== undefined) localStorage.setItem("portal-keys", value);
      return localStorage.getItem("portal-keys");
    } catch {
      return null; /* storage is forbidden: the keys stay on */
    }
  };
  const follow = (key) => document.querySelector(`a[data-key="${key}"]`)?.click();
  const walk = (step) => {
    const rows = [...document.querySelectorAll(".list-rows > .row, [data-key-rows] > *")].filter((row) => row.querySelector("a"));
    const here = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[here < 0 ? (step > 0 ? 0 : -1) : here + step];
    next?.querySelector("a").focus();
  };
  const keys = {
    "?": () => byId("keys").showModal(),
    "/": () => (document.querySelector("main input[type=search]") ?? { focus: () => follow("/") }).focus(),
    c: () => follow("c"),
    j: () => walk(1),
    k: () => walk(-1),
    "g d": () => follow("g d"),
    "g i": () => follow("g i"),
    "g r": () => follow("g r"),
  };
  let before = "";
  document.addEventListener("keydown", (event) => {
    const busy = event.target.closest?.("input, textarea, select, [contenteditable], dialog, [role=radiogroup]");
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || busy || stored() === "off") return;
    const action = keys[`${before} ${event.key}`] ?? (before === "g" ? undefined : keys[event.key]);
    before = event.key === "g" && before !== "g" ? "g" : "";
    if (!action) return;
    event.preventDefault();
    action();
  });

  /* A save that waited its turn sends the newest token of its part, not the one it was queued with. */
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    if (!ctx.sourceElement?.matches("[data-autosave]")) return;
    for (const input of ctx.sourceElement.querySelectorAll("input[data-newest]")) ctx.request.body.set(input.name, input.value);
  });

  /* In a row of scores, 0 to 3 and n choose and go on to the next row; j and k go without choosing. After the last row
     comes "Save draft", which nothing presses by itself. Nothing is sent but the autosave of the row. */
  document.addEventListener("keydown", (event) => {
    const row = event.target.closest?.(".scores");
    if (!row || event.ctrlKey || event.altKey || event.metaKey || stored() === "off") return;
    const radios = [...row.querySelectorAll("input[type=radio]")];
    const chosen = radios.find((radio) => radio.value === (event.key === "n" ? "na" : event.key));
    if (!chosen && event.key !== "j" && event.key !== "k") return;
    event.preventDefault();
    if (event.repeat && chosen) return; /* a key that is held gives one score */
    chosen?.click();
    const rows = [...row.form.querySelectorAll(".scores")];
    const next = rows[rows.indexOf(row) + (event.key === "k" ? -1 : 1)];
    const goal = next?.querySelector("input:checked") ?? next?.querySelector("input");
    const after = event.key === "k" ? undefined : row.form.querySelector("button[type=submit]");
    (goal ?? after ?? event.target).focus();
    next?.closest(".item")?.scrollIntoView({ block: "nearest" });
  });

  /* An open page asks now and then whether others did something. It shows nothing by itself: what is new is announced,
     and comes when somebody asks for it. It does not ask while nobody looks, and less and less while nobody answers. */
  const LONGEST_PAUSE = 600; /* seconds */
  const ownTitle = document.title;
  let pause = 0;
  let nextAsk;
  const plan = (seconds) => {
    clearTimeout(nextAsk);
    nextAsk = setTimeout(askForNews, seconds * 1000);
  };
  const tellNews = (box, html) => {
    box.innerHTML = html;
    window.htmx?.process(box);
    const bar = box.querySelector(".news-bar");
    const count = Number(bar?.dataset.count ?? 0);
    document.title = count ? `(${count}) ${ownTitle}` : ownTitle;
    if (bar) announce(bar.textContent.replace(/\s+/g, " "));
  };
  const endNews = (box, text) => {
    const bar = document.createElement("p");
    bar.className = "news-bar";
    bar.textContent = text;
    box.replaceChildren(bar);
    delete box.dataset.url; /* said once, and asked no more */
    announce(text);
  };
  const askForNews = async () => {
    const box = byId("news");
    if (!box?.dataset.url || document.hidden) return;
    const every = Number(box.dataset.every);
    const headers = { "HX-Request": "true", "If-None-Match": box.dataset.tag };
    let answer = null;
    try {
      answer = await fetch(box.dataset.url, { headers, cache: "no-store", signal: AbortSignal.timeout(10000) });
      const html = answer.status === 200 ? await answer.text() : "";
      if (answer.headers.has("ETag")) box.dataset.tag = answer.headers.get("ETag");
      if (answer.status === 200 && box.isConnected) tellNews(box, html);
    } catch {
      answer = null; /* no answer is as good as a 503 */
    }
    if ([401, 403, 404].includes(answer?.status)) return endNews(box, answer.status === 401 ? box.dataset.ended : box.dataset.gone);
    pause = [200, 304].includes(answer?.status) ? every : Math.min(2 * (pause || every), LONGEST_PAUSE);
    plan(pause);
  };
  document.addEventListener("visibilitychange", () => !document.hidden && byId("news") && plan(0));
  let showFrom = ""; /* where the first of what is new will stand */
  document.addEventListener("htmx:before:swap", (event) => {
    const link = event.detail.ctx.sourceElement;
    showFrom = link?.matches(".news-bar a") && event.detail.ctx.response?.status === 200 ? link.hash.slice(1) : "";
  });
  document.addEventListener("htmx:after:settle", (event) => {
    if (event.detail.task?.type !== "main" || !showFrom) return;
    document.title = ownTitle;
    const first = byId(showFrom);
    showFrom = "";
    first?.scrollIntoView({ block: "center" });
    focusOn(first, { preventScroll: true });
  });

  const start = () => {
    prepare(document);
    if (byId("news")) plan(Number(byId("news").dataset.every));
    for (const button of document.querySelectorAll("[data-opens]")) button.hidden = false;
    const keysOn = document.querySelector("[data-keys-switch]");
    if (keysOn) {
      keysOn.checked = stored() !== "off";
      keysOn.addEventListener("change", () => stored(keysOn.checked ? "on" : "off"));
    }
    focusOn(byId("error-summary"));
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
