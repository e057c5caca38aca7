// SPDX-License-Identifier: Apache-2.0
//
// A virtual processor of the Microsoft hypervisor on aarch64, driven through the crate mshv-ioctls:
// what its decoders say of each message.  Arm ARM, "ESR_EL2" (syndromes of data aborts); Arm's Power
// State Coordination Interface, DEN 0022.

use mshv_bindings::*;
use mshv_ioctls::{Mshv, MshvError, VcpuFd, VmFd};

const PAGE: u64 = 0x1000;
const CODE: u64 = 0x1000; // one page of each kind; what is behind them is unmapped
const READ_ONLY: u64 = 0x2000;
const UNMAPPED: u64 = 0x40000;

const EL1_NO_INTERRUPTS: u64 = 0x3c5; // PSTATE: EL1 with its own stack pointer, DAIF set

// Instructions.
const LDR_W2_X0_8: u32 = 0xb9400802;
const LDRSB_X4_X0: u32 = 0x39800004;
const LDR_X5_X0: u32 = 0xf9400005;
const LDR_WZR_X0: u32 = 0xb940001f;
const STRH_W3_X0: u32 = 0x79000003;
const STR_X2_X1: u32 = 0xf9000022;
const STR_X6_X0: u32 = 0xf9000006;
const STP_X6_X7_X0: u32 = 0xa9001c06;
const HVC: u32 = 0xd4000002;

const PSCI_SYSTEM_OFF: u64 = 0x8400_0008;
const PSCI_SYSTEM_RESET: u64 = 0x8400_0009;

#[repr(C, align(4096))]
struct Page([u64; (PAGE / 8) as usize]);

fn x(number: u32) -> hv_register_name {
    hv_register_name_HV_ARM64_REGISTER_X0 + number
}

const PC: hv_register_name = hv_register_name_HV_ARM64_REGISTER_PC;

// Dropped in this order: the memory last.
struct Machine {
    vp: VcpuFd,
    partition: VmFd,
    code: Box<Page>,
    read_only: Box<Page>,
}

impl Machine {
    // With the code, and the registers x0 and so on as given.
    fn new(code: &[u32], registers: &[u64]) -> Machine {
        let partition = Mshv::new().unwrap().create_vm().unwrap();
        // As other monitors do before anything else; nothing here interrupts.
        for (property, value) in [
            (
                hv_partition_property_code_HV_PARTITION_PROPERTY_GICD_BASE_ADDRESS,
                0x0800_0000,
            ),
            (
                hv_partition_property_code_HV_PARTITION_PROPERTY_GITS_TRANSLATER_BASE_ADDRESS,
                0,
            ),
            (
                hv_partition_property_code_HV_PARTITION_PROPERTY_GIC_LPI_INT_ID_BITS,
                0,
            ),
            (
                hv_partition_property_code_HV_PARTITION_PROPERTY_GIC_PPI_OVERFLOW_INTERRUPT_FROM_CNTV,
                27,
            ),
        ] {
            partition.set_partition_property(property, value).unwrap();
        }
        partition.initialize().unwrap();
        let vp = partition.create_vcpu(0).unwrap();
        let mut machine = Machine {
            vp,
            partition,
            code: Box::new(Page([0; (PAGE / 8) as usize])),
            read_only: Box::new(Page([0x0123_4567_89ab_cdef; (PAGE / 8) as usize])),
        };
        machine.load(code);
        machine.map(CODE, &machine.code, 1 << MSHV_SET_MEM_BIT_EXECUTABLE);
        machine.map(READ_ONLY, &machine.read_only, 0);
        machine.set(
            hv_register_name_HV_ARM64_REGISTER_GICR_BASE_GPA,
            0x080a_0000,
        );
        machine.set(hv_register_name_HV_ARM64_REGISTER_PSTATE, EL1_NO_INTERRUPTS);
        machine.set(PC, CODE);
        for (number, value) in registers.iter().enumerate() {
            machine.set(x(number as u32), *value);
        }
        machine
    }

    fn load(&mut self, code: &[u32]) {
        for (place, instructions) in self.code.0.iter_mut().zip(code.chunks(2)) {
            let high = instructions.get(1).copied().unwrap_or(0);
            *place = u64::from(high) << 32 | u64::from(instructions[0]);
        }
    }

    fn map(&self, gpa: u64, page: &Page, flags: u8) {
        self.partition
            .map_user_memory(mshv_user_mem_region {
                size: PAGE,
                guest_pfn: gpa / PAGE,
                userspace_addr: page as *const Page as u64,
                flags,
                rsvd: [0; 7],
            })
            .unwrap();
    }

    fn set(&self, name: hv_register_name, value: u64) {
        self.vp
            .set_reg(&[hv_register_assoc {
                name,
                value: hv_register_value { reg64: value },
                ..Default::default()
            }])
            .unwrap();
    }

    fn get(&self, name: hv_register_name) -> u64 {
        let mut register = [hv_register_assoc {
            name,
            ..Default::default()
        }];
        self.vp.get_reg(&mut register).unwrap();
        // SAFETY: every register that is asked for has 64 bits.
        unsafe { register[0].value.reg64 }
    }

    // Runs to an access by the instruction at `pc`.
    fn run_to_access(&self, pc: u64) -> Access {
        let message = self.vp.run().unwrap();
        // Nothing of the instruction has happened.
        assert_eq!(self.get(PC), pc);
        let access = Access::of(&message);
        assert_eq!(access.pc, pc);
        access
    }
}

// What the crate says of a memory message.
struct Access {
    kind: hv_message_type,
    pc: u64,
    write: bool,
    gpa: u64,
    instruction: Option<u32>,
    syndrome: u64,
}

impl Access {
    fn of(message: &hv_message) -> Access {
        assert!(message.to_reset_intercept_msg().is_err());
        let memory = message.to_memory_info().unwrap();
        let header = memory.header;
        assert_eq!({ header.vp_index }, 0);
        assert_eq!({ header.instruction_length }, 4);
        // SAFETY: both views of the union are plain numbers.
        let level = unsafe { header.execution_state.__bindgen_anon_1.cpl() };
        assert_eq!(level, 1);
        assert_eq!({ header.cpsr } & 0xf, EL1_NO_INTERRUPTS & 0xf);
        let write = match u32::from(header.intercept_access_type) {
            HV_INTERCEPT_ACCESS_READ => false,
            HV_INTERCEPT_ACCESS_WRITE => true,
            other => panic!("access {other}"),
        };
        let access = Access {
            kind: message.header.message_type,
            pc: header.pc,
            write,
            gpa: memory.guest_physical_address,
            instruction: (memory.instruction_byte_count == 4)
                .then(|| u32::from_le_bytes(memory.instruction_bytes)),
            syndrome: memory.syndrome,
        };
        // Both places that say so agree.
        assert_eq!(access.bits(6, 1) == 1, write);
        access
    }

    fn bits(&self, first: u32, count: u32) -> u64 {
        self.syndrome >> first & ((1 << count) - 1)
    }

    // A data abort of a lower exception level, whose syndrome says everything about the access.
    fn check_syndrome(&self, log2_bytes: u64, register: u64, sign: bool, wide: bool) {
        assert_eq!(self.bits(26, 6), 0x24, "EC of {:#x}", self.syndrome);
        assert_eq!(self.bits(25, 1), 1, "IL of {:#x}", self.syndrome);
        assert_eq!(self.bits(24, 1), 1, "ISV of {:#x}", self.syndrome);
        assert_eq!(self.bits(22, 2), log2_bytes, "SAS of {:#x}", self.syndrome);
        assert_eq!(self.bits(21, 1) == 1, sign, "SSE of {:#x}", self.syndrome);
        assert_eq!(self.bits(16, 5), register, "SRT of {:#x}", self.syndrome);
        assert_eq!(self.bits(15, 1) == 1, wide, "SF of {:#x}", self.syndrome);
    }
}

#[test]
fn an_unmapped_load_says_what_it_reads() {
    let machine = Machine::new(&[LDR_W2_X0_8], &[UNMAPPED, 0, 0x55]);
    let access = machine.run_to_access(CODE);
    assert_eq!(access.kind, hv_message_type_HVMSG_UNMAPPED_GPA);
    assert!(!access.write);
    assert_eq!(access.gpa, UNMAPPED + 8);
    access.check_syndrome(2, 2, false, false);
    assert_eq!(machine.get(x(2)), 0x55);
}

#[test]
fn an_unmapped_load_extends_its_sign() {
    let machine = Machine::new(&[LDRSB_X4_X0], &[UNMAPPED + 3]);
    let access = machine.run_to_access(CODE);
    assert_eq!(access.gpa, UNMAPPED + 3);
    access.check_syndrome(0, 4, true, true);
}

#[test]
fn a_load_into_no_register_has_number_31() {
    let machine = Machine::new(&[LDR_WZR_X0], &[UNMAPPED]);
    machine
        .run_to_access(CODE)
        .check_syndrome(2, 31, false, false);
}

#[test]
fn an_unmapped_store_says_what_it_writes() {
    let machine = Machine::new(&[STRH_W3_X0], &[UNMAPPED + 2, 0, 0, 0x1234]);
    let access = machine.run_to_access(CODE);
    assert_eq!(access.kind, hv_message_type_HVMSG_UNMAPPED_GPA);
    assert!(access.write);
    assert_eq!(access.gpa, UNMAPPED + 2);
    access.check_syndrome(1, 3, false, false);
    assert_eq!(machine.get(x(3)), 0x1234);
}

// The instruction comes along with the message, if any bytes do.
#[test]
fn the_bytes_of_a_message_are_the_instruction() {
    let machine = Machine::new(&[STRH_W3_X0], &[UNMAPPED]);
    let instruction = machine.run_to_access(CODE).instruction;
    assert!(instruction.is_none() || instruction == Some(STRH_W3_X0));
}

// As a monitor emulates a device: it sets the register and skips the instruction.
#[test]
fn a_load_is_completed_and_the_code_goes_on() {
    let machine = Machine::new(&[LDR_W2_X0_8, STR_X2_X1], &[UNMAPPED, UNMAPPED + 0x100]);
    machine.run_to_access(CODE);
    machine.set(x(2), 0x89ab_cdef);
    machine.set(PC, CODE + 4);
    let access = machine.run_to_access(CODE + 4);
    assert!(access.write);
    assert_eq!(access.gpa, UNMAPPED + 0x100);
    access.check_syndrome(3, 2, false, true);
    assert_eq!(machine.get(x(2)), 0x89ab_cdef);
}

#[test]
fn an_instruction_runs_again_unless_it_is_skipped() {
    let machine = Machine::new(&[STRH_W3_X0], &[UNMAPPED]);
    machine.run_to_access(CODE);
    assert_eq!(machine.run_to_access(CODE).gpa, UNMAPPED);
    machine.set(x(0), UNMAPPED + 0x10);
    assert_eq!(machine.run_to_access(CODE).gpa, UNMAPPED + 0x10);
}

#[test]
fn a_write_to_a_read_only_region_is_an_intercept() {
    let machine = Machine::new(&[LDR_X5_X0, STR_X6_X0], &[READ_ONLY + 0x40]);
    let access = machine.run_to_access(CODE + 4);
    assert_eq!(access.kind, hv_message_type_HVMSG_GPA_INTERCEPT);
    assert!(access.write);
    assert_eq!(access.gpa, READ_ONLY + 0x40);
    access.check_syndrome(3, 6, false, true);
    // The read before it went through, and nothing was written.
    assert_eq!(machine.get(x(5)), 0x0123_4567_89ab_cdef);
    assert!(machine
        .read_only
        .0
        .iter()
        .all(|&word| word == 0x0123_4567_89ab_cdef));
}

#[test]
fn a_pair_has_no_syndrome_but_an_address() {
    let machine = Machine::new(&[STP_X6_X7_X0], &[UNMAPPED]);
    let access = machine.run_to_access(CODE);
    assert_eq!(access.kind, hv_message_type_HVMSG_UNMAPPED_GPA);
    assert!(access.write);
    assert_eq!(access.gpa, UNMAPPED);
    assert_eq!(access.bits(26, 6), 0x24);
    assert_eq!(access.bits(24, 1), 0);
}

fn check_reset(function: u64, kind: hv_arm64_reset_type) {
    let machine = Machine::new(&[HVC], &[function]);
    let message = machine.vp.run().unwrap();
    let kind_of_message = message.header.message_type;
    assert_eq!(kind_of_message, hv_message_type_HVMSG_ARM64_RESET_INTERCEPT);
    assert!(message.to_memory_info().is_err());
    let reset = message.to_reset_intercept_msg().unwrap();
    assert_eq!({ reset.reset_type }, kind);
    assert_eq!({ reset.reset_code }, 0);
    assert_eq!({ reset.header.vp_index }, 0);
}

#[test]
fn psci_off_is_a_reset_of_its_kind() {
    check_reset(
        PSCI_SYSTEM_OFF,
        hv_arm64_reset_type_HV_ARM64_RESET_TYPE_POWER_OFF,
    );
}

#[test]
fn psci_reboot_is_a_reset_of_its_kind() {
    check_reset(
        PSCI_SYSTEM_RESET,
        hv_arm64_reset_type_HV_ARM64_RESET_TYPE_REBOOT,
    );
}

#[test]
fn registers_read_as_they_were_set() {
    let machine = Machine::new(&[], &[]);
    let mut registers = StandardRegisters {
        sp: 0x1234_5670,
        pc: CODE + 8,
        pstate: EL1_NO_INTERRUPTS,
        sp_el1: 0x1234_5670, // the same one, at EL1
        elr_el1: 0xfff0_1234,
        fpsr: 1 << 27,
        fpcr: 1 << 22,
        ..Default::default()
    };
    for number in 0..31 {
        registers.regs[number] = 0x1111_0000_0000_0000 + number as u64;
    }
    machine.vp.set_regs(&registers).unwrap();
    assert!(machine.vp.get_regs().unwrap() == registers);
    // What does not exist is refused.
    let error = machine.vp.set_reg(&[hv_register_assoc {
        name: 0x0012_3456,
        ..Default::default()
    }]);
    assert!(
        matches!(error, Err(MshvError::Hypercall { .. })),
        "{error:?}"
    );
}
