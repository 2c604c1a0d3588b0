"""How a drawing lives on a page: its colours by day and by night, and what happens under a finger."""

# Without JavaScript the slider is away, and a part says its title under the mouse; the table says all.
CSS = """<style>
.rl-network{--own:var(--day);--conv:#5f7d9c;--line:#8a94a0;--fill:#f3f5f8;margin:1.5em 0;padding:0;width:100%}
html:is([data-theme=dark],[theme=dark]) .rl-network,
[data-jp-theme-light=false] .rl-network{--own:var(--night);--conv:#8fabc8;--line:#7d8794;--fill:#1d232b}
.rl-drawn{container-type:inline-size}
.network{display:block;width:100%;height:auto;margin:0 auto;overflow:visible;font-family:inherit}
.network.wide{max-width:784px}.network.tall{max-width:340px;display:none}
@container (max-width:690px){.network.wide{display:none}.network.tall{display:block}}
.network text{font-size:12.5px;text-anchor:middle;fill:currentColor;opacity:.82}
.network .beside{text-anchor:start}.network .before{text-anchor:end}
.network .own{fill:var(--own);opacity:1}.network .face{font-weight:600;opacity:1}
.network path{fill:none;stroke:var(--line);stroke-width:1.3}
.network :is(.skip,.link,.plus){stroke:var(--own);stroke-width:1.6}
.network .link{stroke-width:1.1}
.network .loop{stroke-width:1.2}
.network .zoom{fill:var(--own);opacity:.07;pointer-events:none}
.network .conv{fill:var(--conv)}
.network .deconv{fill:var(--pst-color-background,Canvas);stroke:var(--conv);stroke-width:1.6}
.network .join{fill:var(--own)}
.network :is(.box,.act){fill:var(--fill);stroke:var(--line)}
.network .sum{fill:var(--pst-color-background,Canvas);stroke:var(--own);stroke-width:1.6}
.network .sign{fill:var(--own);opacity:1}
.network .frame{fill:none;stroke:var(--line);stroke-opacity:.5}
.network .part{pointer-events:bounding-box;cursor:pointer}
.rl-lit .network :is(.part,[data-from]):not(.rl-on){opacity:.28}
.rl-lit .network .rl-of :is(.part,[data-from]){opacity:1}
.network .inset:not(.rl-open){display:none}
.rl-unroll fieldset{display:flex;flex-wrap:wrap;gap:.3em .5em;min-width:0;margin:.6em 0 0;padding:0;border:0}
.rl-unroll legend{float:none;width:auto;margin:0 0 .2em;padding:0;font-size:.9rem}
.rl-unroll label{position:relative;margin:0;padding:.1em .7em;font-size:.9rem;cursor:pointer;
border:1px solid var(--line);border-radius:6px}
.rl-unroll input{position:absolute;inset:0;margin:0;opacity:0;cursor:pointer}
.rl-unroll label:has(:checked){border-color:var(--own);color:var(--own);font-weight:600}
.rl-unroll label:has(:focus-visible){outline:2px solid var(--own);outline-offset:2px}
.rl-network .rl-part{font-size:.9rem;display:flex;gap:.6em;align-items:center;margin:.6em 0 0}
.rl-network .rl-part input{flex:1;max-width:22em;accent-color:var(--own)}
@media (scripting:none){.rl-network :is(.rl-part,.rl-said,.rl-unroll){display:none}}
.rl-network .rl-table td:nth-child(2){text-align:left;white-space:normal;min-width:9em}
.rl-network .rl-table th:nth-child(2){text-align:left}
.rl-network .rl-said{min-height:3em;margin:.2em 0;font-size:.9rem}
@media print{.rl-network :is(.rl-part,.rl-said,.rl-unroll){display:none}}
</style>"""

# The slider's value is the number of the part that is lit; 0 is none. Insets share numbers; one is open.
MOVE = (
    "const f=this.closest('figure'),n=this.value,all=[...f.querySelectorAll('[data-p]')],"
    "on=all.filter(e=>e.dataset.p==n&&!e.closest('.inset:not(.rl-open)'));"
    "all.forEach(e=>e.classList.toggle('rl-on',on.includes(e)));"
    "f.querySelectorAll('.inset').forEach("
    "e=>e.classList.toggle('rl-of',e.dataset.of.split(' ').includes(n)));"
    "f.classList.toggle('rl-lit',n>0);this.dataset.whole??=this.getAttribute('aria-valuetext');"
    "const t=on.map(e=>e.querySelector('title')).find(Boolean);"
    "f.querySelector('.rl-said').textContent=t?t.textContent:this.dataset.whole;"
    "this.setAttribute('aria-valuetext',f.querySelector('.rl-said').textContent)"
)
POINT = (
    "const e=event.target.closest('[data-p]'),r=this.querySelector('.rl-part input');"
    "if(e||event.target.closest('svg')){r.value=e?e.dataset.p:0;r.oninput()}"
)
# A button opens the inset of its number, and the part under a finger the inset that it belongs to.
OPEN = (
    "const f=this.closest('figure'),r=f.querySelector('.rl-part input');"
    "f.querySelectorAll('.inset').forEach(e=>e.classList.toggle('rl-open',e.dataset.n==this.value));"
    "f.querySelectorAll('svg').forEach(e=>e.setAttribute('aria-label',e.dataset.said+this.dataset.alt));"
    "r.max=this.dataset.most;r.value=0;r.oninput()"
)
PRESS = (
    "const p=event.target.closest('[data-p]')?.dataset.p,"
    "s=[...this.querySelectorAll('.inset')].find(e=>e.dataset.of.split(' ').includes(p)),"
    "b=s&&this.querySelectorAll('.rl-unroll input')[s.dataset.n];"
    "if(b&&!b.checked){b.checked=true;b.oninput()}"
)
