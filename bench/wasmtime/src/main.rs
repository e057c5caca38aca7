// SPDX-License-Identifier: Apache-2.0
//
// Clean state for each call by Wasmtime's pooling allocator: takes an instance from the pool,
// calls a function that writes to some pages, and gives the instance back.  For each line
// "PAGES TIMES" on standard input it does that so many times and answers with the nanoseconds that
// one took.
//
// mote-bench-wasmtime [--tuned]: memory stays resident, and PAGEMAP_SCAN finds what was written.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, InstancePre, Linker, Module,
    PoolingAllocationConfig, Result, Store,
};

const PAGES: usize = 256;
const PAGE_BYTES: usize = 4096;
const MEMORY_BYTES: usize = 2 << 20;

fn engine(tuned: bool) -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::default();
    let mut config = Config::new();

    pool.total_core_instances(16)
        .total_memories(16)
        .max_memory_size(MEMORY_BYTES);
    if tuned {
        pool.linear_memory_keep_resident(MEMORY_BYTES)
            .pagemap_scan(Enabled::Yes);
    }
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

// A byte of each page is in the image, so that its memory is a copy-on-write mapping of it.
fn module_text() -> String {
    let data: String = (0..PAGES)
        .map(|i| format!("(data (i32.const {}) \"\\01\")", i * PAGE_BYTES))
        .collect();

    format!(
        r#"(module
            (memory {})
            (func (export "touch") (param $count i32) (local $at i32)
                (loop $next
                    (if (local.get $count) (then
                        (i32.store8 (local.get $at)
                            (i32.add (i32.load8_u (local.get $at)) (i32.const 1)))
                        (local.set $at (i32.add (local.get $at) (i32.const {PAGE_BYTES})))
                        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
                        (br $next)))))
            {data})"#,
        MEMORY_BYTES / 65536
    )
}

fn clean_call(engine: &Engine, module: &InstancePre<()>, pages: u32) -> Result<()> {
    let mut store = Store::new(engine, ());
    let instance = module.instantiate(&mut store)?;

    instance
        .get_typed_func::<u32, ()>(&mut store, "touch")?
        .call(&mut store, pages)
}

fn serve(engine: &Engine, module: &InstancePre<()>, line: &str) -> Result<u128> {
    let mut words = line.split_whitespace().map(str::parse::<u32>);
    let mut next = || words.next().transpose().map(Option::unwrap_or_default);
    let (pages, times) = (next()?, next()?.max(1));
    let begin = Instant::now();

    for _ in 0..times {
        clean_call(engine, module, pages)?;
    }
    Ok(begin.elapsed().as_nanos() / u128::from(times))
}

fn main() -> Result<()> {
    let engine = engine(std::env::args().nth(1).as_deref() == Some("--tuned"))?;
    let module = Module::new(&engine, module_text())?;
    let module = Linker::new(&engine).instantiate_pre(&module)?;

    for line in io::stdin().lock().lines() {
        println!("{}", serve(&engine, &module, &line?)?);
        io::stdout().flush()?;
    }
    Ok(())
}
